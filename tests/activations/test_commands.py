"""`manage.py catalog` and `manage.py activate`: shapes and exit codes that scripts rely on."""

import io
import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from activations import sets, states
from activations.models import Activation, Delivery
from audiences.models import User
from tests.activations.world import pair, that

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, stdin=None):
    """(exit code, stdout, stderr) of a management command in this process."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    except CommandError as problem:
        return problem.returncode, out.getvalue(), err.getvalue() + str(problem)
    return 0, out.getvalue(), err.getvalue()


def activate(mappings, *more):
    """Arguments that press these mappings of one dataflow."""
    chosen = list(mappings)
    audiences = [word for m in chosen for word in ("--audience", m.audience.platform_id)]
    return (
        "activate",
        "--workspace",
        "demo",
        "--dataflow",
        chosen[0].dataflow.platform_id,
        *audiences,
        *more,
    )


@contextmanager
def worker(stage, step=20):
    """A thread that does the workers' work until the block is left."""
    over = threading.Event()

    def work():
        while not over.is_set():
            stage.turn(step)
            time.sleep(0.02)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


@pytest.mark.django_db
class TestCatalog:
    def test_it_works(self, stage):
        code, out, err = run("catalog", "--workspace", "demo", "--json")
        assert (code, err) == (0, "")
        found = json.loads(out)
        assert set(found) == {"dataflows"}
        flows = found["dataflows"]
        assert all(set(flow) == {"id", "name", "kind", "state", "audiences"} for flow in flows)
        audiences = [one for flow in flows for one in flow["audiences"]]
        assert all(set(one) == {"id", "name", "will_go", "findings", "clears_at"} for one in audiences)
        assert {one["will_go"] for one in audiences} == {"ready", "waits", "joins", "blocked"}
        waiting = next(one for one in audiences if one["will_go"] == "waits")
        assert waiting["clears_at"]
        assert waiting["findings"][0]["code"] == "mapped_recently"

    def test_people_get_lines(self, stage):
        code, out, _ = run("catalog", "--workspace", "demo")
        assert code == 0
        assert "  ready    " in out

    def test_an_unknown_workspace_names_the_known(self, stage):
        code, out, err = run("catalog", "--workspace", "nowhere", "--json")
        assert (code, out) == (2, "")
        assert "Known: demo." in err

    def test_it_costs_the_same_however_much_there_is(self, stage, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            run("catalog", "--workspace", "demo", "--json")


@pytest.mark.django_db
class TestActivate:
    def test_it_works(self, stage):
        chosen = stage.good(2, flows=1)
        code, out, _ = run(*activate(chosen, "--json", "--name", "From a script", "--reason", "why"))
        assert code == 0
        found = json.loads(out)
        assert len(out.strip().splitlines()) == 1
        assert set(found) == {"activation", "state", "deliveries"}
        assert found["state"] == states.QUEUED
        assert {(one["dataflow"], one["audience"]) for one in found["deliveries"]} == {
            pair(m) for m in chosen
        }
        first = found["deliveries"][0]
        assert {"dataflow", "audience", "state", "run", "reason"} <= set(first)
        assert (first["state"], first["run"], first["reason"]) == (states.QUEUED, None, "")
        activation = Activation.objects.get(pk=found["activation"])
        assert (activation.source, activation.name, activation.reason) == ("command", "From a script", "why")

    def test_people_get_lines(self, stage):
        code, out, _ = run(*activate(stage.good(1)))
        assert code == 0
        assert out.startswith(f"Activation {Activation.objects.get().pk}\n")
        assert "Queued" in out

    def test_blocked_is_exit_2_and_nothing_is_stored(self, stage):
        blocked = that(stage.workspace, "blocked")[0]
        code, out, err = run(*activate([blocked], "--json"))
        assert code == 2
        found = json.loads(out)
        assert (found["activation"], found["state"]) == (None, "refused")
        assert found["deliveries"][0]["findings"][0]["severity"] == "stop"
        assert not Activation.objects.exists()
        code, out, err = run(*activate([blocked]))
        assert (code, out) == (2, "")
        assert "nothing was sent" in err

    def test_some_blocked_is_exit_1(self, stage, tmp_path):
        blocked, good = that(stage.workspace, "blocked")[0], stage.good(1)[0]
        lines = "\n".join("\t".join(pair(m)) for m in (blocked, good))
        path = tmp_path / "pairs.tsv"
        path.write_text(lines)
        code, out, _ = run("activate", "--workspace", "demo", "--pairs", str(path), "--json")
        assert code == 1
        assert {one["state"] for one in json.loads(out)["deliveries"]} == {states.BLOCKED, states.QUEUED}

    def test_the_same_press_token_never_sends_twice(self, stage):
        chosen = stage.good(1)
        _, first, _ = run(*activate(chosen, "--press", "nightly-7", "--json"))
        _, second, _ = run(*activate(chosen, "--press", "nightly-7", "--json"))
        assert json.loads(first)["activation"] == json.loads(second)["activation"]
        assert Delivery.objects.count() == 1

    def test_somebody_can_be_named(self, stage):
        alice = User.objects.create_user("alice")
        run(*activate(stage.good(1), "--as", "alice"))
        assert Activation.objects.get().requested_by == alice

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "Name a --dataflow"),
            (("--dataflow", "x"), "at least one --audience"),
            (("--audience", "x"), "Name a --dataflow"),
            (("--dataflow", "x", "--audience", "y"), "Audience y is not mapped to dataflow x"),
            (("--dataflow", "x", "--audience", "y", "--pairs", "z"), "either --pairs or"),
            (("--pairs", "/no/such/file"), "cannot be read"),
            (("--pairs", "/"), "cannot be read"),
            (("--dataflow", "x", "--audience", "y", "--press", "p" * 65), "at most 64"),
        ],
    )
    def test_a_malformed_choice_is_exit_2_with_one_sentence(self, stage, arguments, words):
        code, out, err = run("activate", "--workspace", "demo", *arguments)
        assert (code, out) == (2, "")
        assert words in err
        code, out, err = run("activate", "--workspace", "demo", *arguments, "--json")
        assert code == 2
        found = json.loads(out)
        assert (found["activation"], found["state"], found["deliveries"]) == (None, "refused", [])
        assert words in found["message"]
        assert not Activation.objects.exists()

    def test_an_unknown_workspace_or_person(self, stage):
        assert run("activate", "--workspace", "x", "--dataflow", "x", "--audience", "y")[0] == 2
        code, _, err = run(*activate(stage.good(1), "--as", "nobody"))
        assert code == 2
        assert "Nobody signs in as" in err

    @pytest.mark.parametrize("text", ["a b\n", "a\tb\tc\td\n", "a\t\n", "\tb\n", "ok\tok\nbroken\n"])
    def test_malformed_pairs_name_their_line(self, stage, tmp_path, text):
        path = tmp_path / "pairs"
        path.write_text(text)
        code, _, err = run("activate", "--workspace", "demo", "--pairs", str(path))
        assert code == 2
        assert f"Line {text.count(chr(10))} is not dataflow<TAB>audience" in err

    def test_pairs_from_a_file_made_elsewhere(self, stage, tmp_path):
        chosen = stage.good(3)
        path = tmp_path / "pairs"
        lines = ["\t".join(pair(m)) for m in chosen]
        path.write_bytes(b"\xef\xbb\xbf" + ("\r\n".join([*lines, "", lines[0]]) + "\r\n").encode())
        code, out, _ = run("activate", "--workspace", "demo", "--pairs", str(path), "--json")
        assert code == 0
        assert len(json.loads(out)["deliveries"]) == 3

    def test_binary_rubbish_and_emptiness_are_refused(self, stage, tmp_path):
        path = tmp_path / "pairs"
        path.write_bytes(b"\xff\xfe\x00\x01")
        assert run("activate", "--workspace", "demo", "--pairs", str(path))[0] == 2
        path.write_bytes(b"\n\n")
        code, out, _ = run("activate", "--workspace", "demo", "--pairs", str(path), "--json")
        assert code == 2
        assert json.loads(out)["code"] == "nothing_chosen"

    def test_the_clients_own_id_is_not_taken_for_the_platforms(self, stage):
        external = next(m for m in that(stage.workspace, "ready") if m.audience.external)
        code, _, err = run(
            "activate", "--workspace", "demo", "--dataflow", external.dataflow.platform_id,
            "--audience", external.audience.external_id,
        )  # fmt: skip
        assert code == 2
        assert "is not mapped" in err


@pytest.mark.django_db(transaction=True)
class TestWait:
    def test_all_delivered_is_exit_0(self, stage):
        chosen = stage.good(3, flows=1)
        with worker(stage):
            code, out, _ = run(*activate(chosen, "--wait", "--json"))
        assert code == 0
        found = json.loads(out)
        assert found["state"] == states.SUCCEEDED
        assert all(one["run"] and one["state"] == states.SUCCEEDED for one in found["deliveries"])
        assert stage.sent_once(chosen)

    @pytest.mark.parametrize(("outcome", "state"), [("failed", states.FAILED), ("empty", states.EMPTY)])
    def test_some_not_delivered_is_exit_1(self, stage, outcome, state):
        with worker(stage):
            code, out, _ = run(*activate([stage.ending(outcome)], "--wait", "--json"))
        assert code == 1
        assert json.loads(out)["deliveries"][0]["state"] == state

    def test_one_object_on_stdout_and_everything_else_on_stderr(self, stage, child_environment):
        chosen = stage.good(1)
        arguments = [sys.executable, "manage.py"]
        mapping = chosen[0]
        arguments += ["activate", "--workspace", "demo", "--pairs", "-", "--json"]
        done = subprocess.run(
            arguments, cwd=ROOT, env=child_environment, input="\t".join(pair(mapping)), text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["activation"] == Activation.objects.get().pk

    def test_a_dead_broker_does_not_slow_the_press(self, stage, child_environment):
        """The nudge is lost, the press is not: the sweep finds it."""
        dead = {**child_environment, "REDIS_URL": "redis://127.0.0.1:1/0", "BROKER_URL": ""}
        script = (
            "import django, time, sys; django.setup()\n"
            "from activations.actions import request\n"
            "from audiences.models import Mapping, Workspace\n"
            "mapping = Mapping.objects.select_related('dataflow', 'audience').get(pk=int(sys.argv[1]))\n"
            "for number in range(2):\n"
            "    began = time.monotonic()\n"
            "    from activations.nudges import dispatch_soon\n"
            "    dispatch_soon(1)\n"
            "    print('nudge', time.monotonic() - began)\n"
            "began = time.monotonic()\n"
            "request(Workspace.objects.get(), [mapping], by=None, press='dead broker')\n"
            "print('press', time.monotonic() - began)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(stage.good(1)[0].pk)], cwd=ROOT,
            env={**dead, "DJANGO_SETTINGS_MODULE": "config.settings"}, text=True, capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        took = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
        assert took["press"] < 2, done.stdout
        assert "A nudge was lost" in done.stderr
        assert Delivery.objects.get().state == states.QUEUED


class TestSets:
    """A set pressed and listed by its name, through the verb of page and schedule."""

    @pytest.fixture
    def flash(self, stage):
        return sets.save(that(stage.workspace, "ready")[:3], name="Friday flash sale", by=None)

    def test_it_works(self, stage, flash):
        code, out, _err = run("activate", "--set", "Friday flash sale", "--press", "nightly", "--json")
        assert code == 0
        made = Activation.objects.get()
        assert json.loads(out)["activation"] == made.pk
        assert (made.of_set, made.set_version, made.name, made.source) == (flash, 1, flash.name, "command")
        assert made.deliveries.count() == 3
        assert run("activate", "--set", str(flash.pk), "--press", "nightly")[0] == 0
        assert Activation.objects.count() == 1, "the same press token never sends twice"

    def test_the_catalogue_lists_it(self, stage, flash):
        code, out, _err = run("catalog", "--set", "Friday flash sale", "--json")
        found = json.loads(out)
        assert code == 0
        assert found["set"] == {"id": flash.pk, "name": "Friday flash sale", "version": 1}
        assert [one["will_go"] for one in found["deliveries"]] == ["ready"] * 3
        assert {one["workspace"] for one in found["deliveries"]} == {"demo"}
        lines = run("catalog", "--set", "Friday flash sale")[1]
        assert "ready" in lines
        assert "→" in lines

    def test_refusals_name_what_is_wrong(self, stage, flash):
        code, _out, err = run("activate", "--set", "Nope")
        assert (code, "Known: 'Friday flash sale'" in err) == (2, True)
        code, _out, err = run("activate", "--set", flash.name, "--dataflow", "x", "--audience", "y")
        assert (code, "a choice already" in err) == (2, True)
        other = sets.save(that(stage.workspace, "ready")[3:4], name=flash.name, by=None)
        code, _out, err = run("catalog", "--set", flash.name)
        assert (code, f"{flash.pk}, {other.pk}" in err) == (2, True)
        for command in ("activate", "catalog"):
            code, _out, err = run(command)
            assert (code, "Name a --workspace or a --set" in err) == (2, True)
        assert not Activation.objects.exists()
