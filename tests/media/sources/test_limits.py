"""When the machine's limits are reached, a worker ends and can be started anew, instead of half living on."""

import resource
import socket
from contextlib import ExitStack
from pathlib import Path

from regie.hub.paths import Stream, socket_file
from regie.hub.vital import EXIT_FAILED
from tests.media.sources.rig import PATH, running_source
from tests.support.wait import until


def test_a_worker_that_can_open_no_more_files_ends(run_dir: Path) -> None:
    with running_source(run_dir, "test", {"width": 320, "height": 180}) as source, ExitStack() as stack:
        source.wait_for("live")
        pid = source.process.pid
        used = max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())
        _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1, most))

        def ended() -> bool:
            reader = stack.enter_context(socket.socket(socket.AF_UNIX))
            reader.connect_ex(str(socket_file(run_dir, PATH, Stream.VIDEO)))
            return source.process.poll() is not None

        until(ended, 20, "the worker ends")
        assert source.process.returncode == EXIT_FAILED
        assert "Too many open files" in source.log
        source.log_file.write_text("")  # its traceback is meant to be there
