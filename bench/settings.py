"""The product's settings with two empty views more, so that the poll has something on the same server to be
compared with.
"""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
