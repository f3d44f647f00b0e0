"""Settings: what is allowed gets in, and what is wrong is named, all of it at once, without a secret."""

import os
from pathlib import Path

import pytest

from regie.domain.errors import Invalid
from regie.settings import RUN_DIR_LIMIT, Settings, default_run_dir, read_settings


def complaint(directory: Path, **variables: str) -> str:
    with pytest.raises(Invalid) as caught:
        read_settings({f"REGIE_{key.upper()}": value for key, value in variables.items()}, directory)
    return caught.value.message


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = read_settings({}, tmp_path)
    assert (settings.http_port, settings.webrtc_port, settings.log_level) == (8000, 8189, "info")
    assert settings.media_dir == settings.data_dir / "media"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/regie.db"
    assert len(os.fsencode(settings.run_dir)) <= RUN_DIR_LIMIT


def test_variables_win_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "regie.toml").write_text('http_port = 8100\nwebrtc_port = 8200\nlog_level = "DEBUG"\n')
    settings = read_settings({"REGIE_HTTP_PORT": "8101"}, tmp_path)
    assert (settings.http_port, settings.webrtc_port, settings.log_level) == (8101, 8200, "debug")


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("http_port = 8100")
    assert read_settings({"REGIE_CONFIG": str(file)}, Path("/")).http_port == 8100
    assert "does not exist" in complaint(tmp_path, config=str(tmp_path / "none.toml"))


def test_every_wrong_value_is_named_with_its_key_its_value_and_what_is_allowed(tmp_path: Path) -> None:
    told = complaint(tmp_path, http_port="eighty", webrtc_port="65536", log_level="loud", max_viewers="0")
    assert told.splitlines() == [
        "these settings are wrong:",
        "  http_port is 'eighty' (from REGIE_HTTP_PORT); allowed is a whole number from 1 to 65535",
        "  webrtc_port is '65536' (from REGIE_WEBRTC_PORT); allowed is a whole number from 1 to 65535",
        "  log_level is 'loud' (from REGIE_LOG_LEVEL); allowed is debug, info, warning or error",
        "  max_viewers is '0' (from REGIE_MAX_VIEWERS); allowed is a whole number from 1 to 10000",
    ]


@pytest.mark.parametrize("port", ["0", "-1", "65536", "8000.5", "0x50", "", " "])
def test_a_port_is_a_whole_number_from_1_to_65535(tmp_path: Path, port: str) -> None:
    (tmp_path / "regie.toml").write_text(f"http_port = '{port}'")
    with pytest.raises(Invalid, match="http_port is"):
        read_settings({}, tmp_path)


def test_a_wrong_secret_is_named_but_not_shown(tmp_path: Path) -> None:
    told = complaint(tmp_path, admin_token="s3cret", database_url="mysql://joe:hunter2@db/regie")
    assert "admin_token is •••" in told
    assert "database_url is 'mysql://joe:•••@db/regie'" in told
    assert "s3cret" not in told
    assert "hunter2" not in told


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    secrets = {
        "REGIE_ADMIN_TOKEN": "s3cret-token",
        "REGIE_DATABASE_URL": "postgresql://joe:hunter2@db/regie",
        "REGIE_ICE_SERVERS": '[{"urls": "turn:t.example", "username": "u", "credential": "swordfish"}]',
    }
    shown = repr(read_settings(secrets, tmp_path))
    for secret in ("s3cret", "hunter2", "swordfish"):
        assert secret not in shown


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "regie.toml").write_text("http_prot = 80\n")
    told = complaint(tmp_path)
    assert "http_prot" in told
    assert "is not a setting; allowed are http_port" in told


def test_a_misspelt_variable_is_refused_and_a_foreign_one_is_not(tmp_path: Path) -> None:
    assert complaint(tmp_path, htp_port="80") == "REGIE_HTP_PORT is not a setting: is REGIE_HTTP_PORT meant?"
    assert read_settings({"REGIE_PYTHON": "/usr/bin/python3", "REGIE_TEST_POSTGRESQL_URL": "x"}, tmp_path)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "regie.toml").write_text("http_port: 8000")
    assert f"{tmp_path}/regie.toml cannot be read" in complaint(tmp_path)


def test_certificate_and_key_come_together_and_exist(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.touch()
    assert "tls_key is not set" in complaint(tmp_path, tls_cert=str(cert))
    assert "tls_key is" in complaint(tmp_path, tls_cert=str(cert), tls_key=str(key))
    key.touch()
    assert "tls_key is" in complaint(tmp_path, tls_key=str(key))
    both = {"REGIE_TLS_CERT": str(cert), "REGIE_TLS_KEY": str(key)}
    assert read_settings(both, tmp_path).base_url == "https://localhost:8000"


@pytest.mark.parametrize(
    ("runtime", "lingers", "expected"),
    [
        ("/run/user/1000", True, "/run/user/1000/regie"),
        ("/run/user/1000", False, "/tmp/regie-1000"),
        ("/run/regie-runtime", False, "/run/regie-runtime/regie"),
        ("/run/" + "r" * 30, True, "/tmp/regie-1000"),
        ("", True, "/tmp/regie-1000"),
    ],
    ids=["it stays", "log-out removes it", "it is no log-in's", "sockets would not fit", "there is none"],
)
def test_the_run_directory_outlives_the_log_out_of_who_started_it(
    runtime: str, lingers: bool, expected: str, tmp_path: Path
) -> None:
    if lingers:
        (tmp_path / "ann").touch()
    assert default_run_dir(runtime, "ann", 1000, tmp_path) == Path(expected)


def test_a_run_directory_whose_sockets_could_not_be_opened_is_refused(tmp_path: Path) -> None:
    assert "at most 40 characters" in complaint(tmp_path, run_dir="/tmp/" + "r" * 36)
    assert read_settings({"REGIE_RUN_DIR": "/tmp/" + "r" * 35}, tmp_path)


def test_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert "data_dir is" in complaint(tmp_path, data_dir=str(tmp_path / "data"))


def test_ice_servers_are_json_or_plain_urls(tmp_path: Path) -> None:
    plain = read_settings({"REGIE_ICE_SERVERS": "stun:a.example:3478, stun:b.example"}, tmp_path)
    assert [server.urls for server in plain.ice_servers] == [("stun:a.example:3478",), ("stun:b.example",)]
    assert "ice_servers is •••" in complaint(tmp_path, ice_servers="http://a.example")
    assert "ice_servers is •••" in complaint(tmp_path, ice_servers="[{")


def test_the_public_url_is_what_people_are_told(tmp_path: Path) -> None:
    public = {"REGIE_PUBLIC_URL": "https://live.example/"}
    assert read_settings(public, tmp_path).base_url == "https://live.example"
    assert "public_url is 'live.example'" in complaint(tmp_path, public_url="live.example")


def test_the_local_url_reaches_a_server_that_listens_everywhere(tmp_path: Path) -> None:
    assert read_settings({}, tmp_path).local_url == "http://127.0.0.1:8000"
    assert read_settings({"REGIE_HTTP_HOST": "::"}, tmp_path).local_url == "http://[::1]:8000"


def test_settings_cross_to_another_process_whole(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "REGIE_ADMIN_TOKEN": "s3cret-token",
            "REGIE_ICE_SERVERS": '[{"urls": ["turn:t.example"], "username": "u", "credential": "c"}]',
        },
        tmp_path,
    )
    assert Settings.from_wire(settings.to_wire()) == settings
