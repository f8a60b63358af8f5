"""The pace that processes share: one bucket in Redis, another home when Redis is away, and no price to speak of."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from audiences import clients
from audiences.models import Pace, Workspace
from audiences.pace import FirstThatAnswers, InDatabase, InRedis, StoreAway, pace_of, pace_of_operation
from platforms.errors import Throttled
from platforms.pace import Memory, Pacer, Policy, Share, State, sharing, take
from platforms.patience import Patience
from platforms.segment import SegmentClient, SegmentConfig
from platforms.segment.gateway import Operation
from simulator.segment.shelf import TOKEN
from simulator.server import Simulator
from tests.audiences.segment_house import segment_workspace
from tests.catalogue import make_workspace

pytestmark = pytest.mark.django_db
KEY = "pace:test"
# A token every two seconds: a slow machine must not find one more.
POLICY = Policy(rate=1.0, burst=20.0)
ROOM = int(POLICY.room(Share.READ, 1.0))


def redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL)


def gone() -> InRedis:
    """A Redis that nobody answers for."""
    return InRedis(Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)), KEY)


def one(store) -> float:
    """Take a token of a store; returns the wait."""
    return store.change(lambda state, now: take(state, now, Share.READ, POLICY))


def stores():
    return {"redis": InRedis(redis(), KEY), "database": InDatabase(make_workspace().pk)}


@pytest.mark.parametrize("name", ["redis", "database"])
class TestEveryStore:
    def test_it_works(self, name):
        store = stores()[name]
        waits = [one(store) for _ in range(ROOM + 1)]
        assert waits[:ROOM] == [0] * ROOM
        assert 0 < waits[-1] <= 2

    def test_two_look_at_the_same_bucket(self, name):
        store = stores()[name]
        other = InRedis(redis(), KEY) if name == "redis" else InDatabase(Workspace.objects.get().pk)
        waits = [one(here) for here in [store, other] * ROOM]
        assert waits.count(0) == ROOM

    def test_what_somebody_changed_meanwhile_is_looked_at_again(self, name):
        store = stores()[name]
        turns: list[State | None] = []

        def step(state, now):
            turns.append(state)
            if len(turns) == 1:
                one(store)  # somebody else, in between
            return take(state, now, Share.READ, POLICY)

        store.change(step)
        assert len(turns) == 2
        assert turns[0] is None
        assert turns[1] is not None
        assert turns[1].tokens[Share.READ] == ROOM - 1

    def test_nonsense_in_the_store_is_begun_anew(self, name):
        store = stores()[name]
        if name == "redis":
            redis().set(KEY, "nonsense")
        else:
            Pace.objects.create(workspace=Workspace.objects.get(), state="nonsense")
        assert one(store) == 0


def test_two_processes_share_one_bucket():
    """Each tries for a second as fast as it can; together they get one bucket's worth."""
    program = (
        "import os, sys, time\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "import django; django.setup()\n"
        "from redis import Redis\n"
        "from django.conf import settings\n"
        "from audiences.pace import InRedis\n"
        "from platforms.pace import Policy, Share, take\n"
        "store, policy = InRedis(Redis.from_url(settings.REDIS_URL), sys.argv[1]), Policy(rate=20.0, burst=1.0)\n"
        "ends, got = time.monotonic() + 1.0, 0\n"
        "while time.monotonic() < ends:\n"
        "    got += store.change(lambda state, now: take(state, now, Share.READ, policy)) == 0\n"
        "print(got)\n"
    )
    began = time.monotonic()
    children = [
        subprocess.Popen([sys.executable, "-c", program, KEY], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    got = [int(child.communicate(timeout=60)[0]) for child in children]
    took = time.monotonic() - began
    assert 10 + 8 <= sum(got) <= 10 + 20 * 0.5 * took + 1, got


class TestRedisGone:
    def test_the_database_keeps_the_pace(self):
        workspace = make_workspace()
        shared = FirstThatAnswers([gone(), InDatabase(workspace.pk)], Memory())
        other = FirstThatAnswers([gone(), InDatabase(workspace.pk)], Memory())
        waits = [one(here) for here in [shared, other] * ROOM]
        assert waits.count(0) == ROOM

    def test_it_keeps_the_limit_of_each_operation_for_all_processes(self, monkeypatch):
        """Half of a minute goes at once, whoever asks; another operation and another workspace have their own."""
        monkeypatch.setattr(
            "audiences.pace._redis", lambda: Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
        )
        workspace, elsewhere = make_workspace(), make_workspace("elsewhere")

        def sent(place: Workspace, operation: Operation, callers: int) -> int:
            """How many calls leave at once, from so many processes in turn."""
            paces = [pace_of_operation(place)(operation) for _ in range(callers)]
            for pace in paces:
                pace._patience = 0.0
            n = 0
            while n < 200:
                try:
                    paces[n % callers].before()
                except Throttled:
                    return n
                n += 1
            return n

        half = Operation.ADD_ACTIVATION.per_minute // 2
        assert half <= sent(workspace, Operation.ADD_ACTIVATION, 3) <= half + 2
        assert sent(workspace, Operation.ADD_ACTIVATION, 2) <= 2
        assert sent(workspace, Operation.GET_ACTIVATION, 1) >= Operation.GET_ACTIVATION.per_minute // 2
        assert sent(elsewhere, Operation.ADD_ACTIVATION, 1) >= half
        assert Pace.objects.filter(workspace=workspace).count() == 2

    def test_a_store_that_does_not_answer_is_left_alone_for_a_while(self):
        clock = [0.0]
        asked: list[float] = []

        class Away:
            def change(self, step):
                asked.append(clock[0])
                raise StoreAway("gone")

        shared = FirstThatAnswers([Away()], Memory(), clock=lambda: clock[0])
        for clock[0] in (0.0, 1.0, 4.0, 6.0):
            assert one(shared) == 0
        assert asked == [0.0, 6.0]

    def test_when_nothing_shared_answers_each_keeps_its_own(self):
        shared = FirstThatAnswers([gone(), InDatabase(0)], Memory())
        waits = [one(shared) for _ in range(ROOM + 1)]
        assert waits.count(0) == ROOM

    def test_a_flushed_redis_begins_anew(self):
        store = InRedis(redis(), KEY)
        for _ in range(ROOM):
            one(store)
        redis().delete(KEY)
        assert one(store) == 0


class TestThroughTheClient:
    @pytest.fixture
    def workspace(self, sim):
        workspace = Workspace(
            slug="demo", name="Demo", org="DEMO@AdobeOrg", client_id="demo-client", platform_url=sim.url,
            ims_url=sim.url,
        )  # fmt: skip
        workspace.client_secret = "demo-secret"
        workspace.save()
        clients._clients.pop(workspace.pk, None)
        yield workspace
        clients._clients.pop(workspace.pk, None)

    def fault(self, sim, **rule):
        import httpx

        httpx.put(f"{sim.url}/_sim/faults", json={"rules": [rule]}).raise_for_status()

    def test_a_throttled_read_slows_every_process(self, sim, workspace):
        client = clients.client_for(workspace)
        client.sandboxes()
        self.fault(
            sim, method="GET", path="/data/foundation/flowservice/runs", fault="status", status=429, times=1
        )
        client.runs(["r-1"])
        kept = State.read((redis().get(f"pace:{workspace.pk}") or b"").decode())
        assert kept is not None
        assert kept.rate < 40

    def test_what_it_is_told_to_wait_holds_back_the_share_alone(self, sim, workspace):
        client = clients.client_for(workspace)
        pace_of(workspace).after(429, 60, write=True)
        with pytest.raises(Throttled):
            client.activate([("flow", "audience")])
        assert client.sandboxes()
        with sharing(Share.WATCH):
            assert client.runs(["r-1"]) == {}

    def test_nothing_was_sent_by_a_call_held_back(self, sim, workspace):
        import httpx

        pace_of(workspace).after(429, 60, write=True)
        with pytest.raises(Throttled):
            clients.client_for(workspace).activate([("flow", "audience")])
        calls = httpx.get(f"{sim.url}/_sim/ledger").json()["calls"]
        assert not [call for call in calls if "adhocrun" in call["path"]]


HAMMER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from audiences.models import Pace, Workspace
from audiences.pace import pace_of_operation
from platforms.errors import Throttled
from platforms.segment.gateway import Operation

pacer = pace_of_operation(Workspace(pk=int(sys.argv[1])))(Operation[sys.argv[2]])
pacer._patience, sent = 0.0, 0
for _ in range(40):
    try:
        pacer.before()
    except Throttled:
        break
    sent += 1
print(sent)
"""


def test_each_operation_of_segment_has_a_bucket_that_two_processes_share():
    """Half of an operation's minute goes at once, however many processes ask; another operation has its own."""
    redis().delete(*(f"pace:987654:{name.group}" for name in Operation))

    def sent(operation: str) -> int:
        asked = [sys.executable, "-c", HAMMER, "987654", operation]
        return int(subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout)

    began = time.monotonic()
    first = sent("ADD_ACTIVATION")
    second = sent("ADD_ACTIVATION")
    came_back = (time.monotonic() - began) * 25 / 60
    assert 25 <= first + second <= 25 + came_back + 1
    assert sent("GET_ACTIVATION") >= 30


def test_what_one_process_is_told_to_wait_at_segment_all_wait():
    with Simulator(port=0, seed=7, dataflows=2, audiences=30) as sim:
        workspace = segment_workspace(sim)
        rule = {"method": "GET", "path": "*", "fault": "status", "status": 429, "retry_after": 50, "times": 1}
        sim.world.faults.replace({"rules": [rule]})
        config = SegmentConfig(workspace.sandbox, TOKEN, sim.url)
        once = Patience(attempts=1)
        with SegmentClient(config, pace_of=pace_of_operation(workspace), patience=once) as client:
            with pytest.raises(Throttled) as told:
                client.activations("any")
            assert told.value.retry_after == 50
        other = pace_of_operation(workspace)
        with pytest.raises(Throttled) as held:
            other(Operation.LIST_ACTIVATIONS).before()
        assert 10 < held.value.retry_after <= 50
        other(Operation.LIST_CONNECTIONS).before()


def test_it_costs_less_than_a_millisecond():
    pacer = Pacer(FirstThatAnswers([InRedis(redis(), KEY)], Memory()), Policy(rate=1e6, burst=100))
    pacer.before()
    took = []
    for _ in range(200):
        began = time.perf_counter()
        pacer.before()
        took.append(time.perf_counter() - began)
    assert median(took) < 0.005, "five times what is promised, for a busy machine"


def test_the_fallback_leaves_no_connection_behind(transactional_db):
    from concurrent.futures import ThreadPoolExecutor

    workspace = make_workspace()

    def other_thread() -> bool:
        one(InDatabase(workspace.pk))
        return connection.connection is None

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other_thread).result()
