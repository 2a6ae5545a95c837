"""`python -m benchmarks.naive SETTINGS`: serve the naive gateway until SIGTERM."""

import sys
from pathlib import Path

from benchmarks.naive.app import build_app
from benchmarks.naive.server import serve
from benchmarks.naive.settings import read_settings

if __name__ == "__main__":
    told = read_settings(Path(sys.argv[1]))
    serve(build_app(told), told)
