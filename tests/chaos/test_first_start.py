"""The very first start on a machine, and the second."""

import re

from tests.support.instance import running_instance
from tests.support.wait import until


def test_the_first_start_prints_a_link_that_logs_in_once_and_later_starts_do_not() -> None:
    with running_instance() as instance:
        demo = [source["id"] for source in instance.request("GET", "/sources")]
        assert demo == ["cam1", "cam2", "cam3", "cam4"]
        link = until(lambda: re.search(r"http://\S+/login#(\S+)", instance.output), 20, "the link is printed")
        session = instance.request("POST", "/session", {"token": link[1]})
        assert session["role"] == "admin"
        instance.stop()
        printed = len(instance.output)
        instance.start()
        until(lambda: "regie link" in instance.output[printed:], 20, "the way to a new link is printed")
        assert "/login#" not in instance.output[printed:]
        assert f"{instance.base_url}/login#" in instance.run("link").stdout
