"""The WSGI application that granian serves."""

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application

from config.supervisor.tether import die_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_server = multiprocessing.parent_process()
if os.environ.get("TETHERED") and _server is not None and _server.pid is not None:
    # The supervisor ties the server to itself; the server's own worker must follow it, or keep the port.
    die_with(_server.pid)
application = get_wsgi_application()
