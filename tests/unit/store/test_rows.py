"""Sources, tokens, links and sessions in the store."""

import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from regie.domain.access import SESSION_LIFE_S, Role
from regie.domain.errors import Conflict, NotFound
from regie.domain.sources import Source
from regie.settings import Settings
from regie.store.claim import is_claimed
from regie.store.database import Database
from regie.store.keys import cli_token, secret_key
from regie.store.links import add_link, all_links, create_link, delete_link, forget_dead_links, spend_link
from regie.store.sessions import (
    Login,
    all_sessions,
    create_session,
    delete_session,
    forget_dead_sessions,
    renew_session,
    valid_session,
)
from regie.store.sources import add_source, all_sources, change_source, delete_source, seed_sources
from regie.store.tables import metadata
from regie.store.tokens import all_tokens, create_token, delete_token, valid_token

NOW = 1_800_000_000.0
LOGIN = Login("Ann", Role.OPERATOR, "192.0.2.7", "Firefox")


def source(source_id: str, created_at: float = NOW) -> Source:
    return Source(source_id, "Stage", "rtsp", {"url": "rtsp://a:b@c", "tcp": True}, True, created_at, NOW)


def whole_database(connection: Connection) -> str:
    return "".join(str(connection.execute(select(table)).all()) for table in metadata.sorted_tables)


def test_sources_come_back_as_they_were_in_the_order_they_were_added(database: Database) -> None:
    database.run(add_source, source("b", NOW))
    database.run(add_source, source("a", NOW + 1))
    assert database.run(all_sources) == [source("b", NOW), source("a", NOW + 1)]


def test_a_source_is_changed_and_deleted(database: Database) -> None:
    database.run(add_source, source("a"))
    changed = Source("a", "New", "rtsp", {}, False, NOW, NOW + 5)
    database.run(change_source, changed)
    assert database.run(all_sources) == [changed]
    database.run(delete_source, changed)
    assert database.run(all_sources) == []


def test_an_id_exists_once(database: Database) -> None:
    database.run(add_source, source("a"))
    with pytest.raises(Conflict, match="this source exists already"):
        database.run(add_source, source("a"))


def test_the_demo_is_seeded_once_and_does_not_come_back_after_it_was_deleted(database: Database) -> None:
    assert database.run(seed_sources, [source("a")])
    database.run(delete_source, source("a"))
    assert not database.run(seed_sources, [source("a")])
    assert database.run(all_sources) == []


def test_a_token_is_known_by_its_secret_until_it_expires_or_is_revoked(database: Database) -> None:
    token, secret = database.run(create_token, "ci", Role.VIEWER, NOW, NOW + 10)
    known = database.run(valid_token, secret, NOW + 9)
    assert known is not None
    assert (known.id, known.role) == (token.id, Role.VIEWER)
    assert database.run(valid_token, secret, NOW + 11) is None
    assert database.run(valid_token, secret + "x", NOW) is None
    database.run(delete_token, token.id)
    assert database.run(valid_token, secret, NOW) is None
    with pytest.raises(NotFound):
        database.run(delete_token, token.id)


def test_a_token_has_256_random_bits_and_a_prefix(database: Database) -> None:
    secrets = {database.run(create_token, "ci", Role.VIEWER, NOW, None)[1] for _ in range(20)}
    assert len(secrets) == 20
    assert all(secret.startswith("rg_") and len(secret) == 3 + 43 for secret in secrets)


def test_it_is_noted_when_a_token_was_used(database: Database) -> None:
    _, secret = database.run(create_token, "ci", Role.VIEWER, NOW, None)
    database.run(valid_token, secret, NOW + 100)
    assert database.run(all_tokens)[0].last_used_at == NOW + 100


def test_a_link_works_once(database: Database) -> None:
    _, secret = database.run(add_link, "Ann", Role.ADMIN, NOW, life_s=60, uses=1)
    link = database.run(spend_link, secret, NOW + 59)
    assert link is not None
    assert (link.role, link.name) == (Role.ADMIN, "Ann")
    assert database.run(spend_link, secret, NOW + 59) is None


def test_a_link_works_as_often_as_it_says_and_not_after_its_time(database: Database) -> None:
    _, secret = database.run(add_link, "crew", Role.VIEWER, NOW, life_s=60, uses=3)
    assert [bool(database.run(spend_link, secret, NOW)) for _ in range(4)] == [True, True, True, False]
    _, late = database.run(add_link, "late", Role.VIEWER, NOW, life_s=60, uses=3)
    assert database.run(spend_link, late, NOW + 61) is None


def test_of_many_who_use_a_link_at_the_same_time_one_gets_in(database: Database) -> None:
    _, secret = database.run(add_link, "Ann", Role.ADMIN, NOW, life_s=60, uses=1)
    got_in: list[bool] = []
    threads = [
        threading.Thread(target=lambda: got_in.append(database.run(spend_link, secret, NOW) is not None))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got_in) == [False] * 7 + [True]


def test_a_store_is_taken_over_by_the_first_token_and_stays_so_when_that_is_revoked(
    database: Database,
) -> None:
    assert not database.run(is_claimed)
    token, _ = database.run(create_token, "a program", Role.ADMIN, NOW, None)
    database.run(delete_token, token.id)
    assert database.run(is_claimed)


def test_a_store_is_taken_over_by_the_first_link_that_is_used_and_stays_so_when_nothing_of_it_is_left(
    database: Database,
) -> None:
    _, secret = database.run(add_link, "Ann", Role.ADMIN, NOW, life_s=60, uses=1)
    assert not database.run(is_claimed)
    database.run(spend_link, secret, NOW)
    database.run(forget_dead_links, NOW)
    assert database.run(is_claimed)


def test_a_store_is_taken_over_by_the_first_log_in(database: Database) -> None:
    session, _ = database.run(create_session, LOGIN, NOW)
    database.run(delete_session, session.id)
    assert database.run(is_claimed)


def test_a_log_in_with_a_token_that_was_revoked_meanwhile_is_told(database: Database) -> None:
    with pytest.raises(Conflict, match="has been deleted"):
        database.run(create_session, replace(LOGIN, token_id="0123456789abcdef"), NOW)


def test_links_are_listed_while_they_work(database: Database) -> None:
    link, secret = database.run(add_link, "Ann", Role.ADMIN, NOW, life_s=60, uses=1)
    assert [listed.id for listed in database.run(all_links, NOW)] == [link.id]
    database.run(spend_link, secret, NOW)
    assert database.run(all_links, NOW) == []
    database.run(forget_dead_links, NOW)
    with pytest.raises(NotFound):
        database.run(delete_link, link.id)


def test_the_command_line_makes_a_link_before_there_is_a_server(tmp_path: Path) -> None:
    settings = Settings.from_wire({"data_dir": str(tmp_path / "new")})
    secret = create_link(settings, Role.OPERATOR, name="Ben")
    database = Database.open(settings.data_dir, settings.database_url)
    link = database.run(spend_link, secret, NOW - 1e9)
    assert link is not None
    assert (link.name, link.role) == ("Ben", Role.OPERATOR)
    database.close()


def test_a_session_is_known_until_it_expires_or_is_ended(database: Database) -> None:
    session, secret = database.run(create_session, LOGIN, NOW)
    assert session.expires_at == NOW + SESSION_LIFE_S
    assert database.run(valid_session, secret, NOW + SESSION_LIFE_S - 1) == session
    assert database.run(valid_session, secret, NOW + SESSION_LIFE_S + 1) is None
    database.run(delete_session, session.id)
    assert database.run(valid_session, secret, NOW) is None
    with pytest.raises(NotFound):
        database.run(delete_session, session.id)


def test_a_session_that_is_used_slides_on(database: Database) -> None:
    session, secret = database.run(create_session, LOGIN, NOW)
    database.run(renew_session, session.id, NOW + 1000)
    known = database.run(valid_session, secret, NOW + SESSION_LIFE_S + 500)
    assert known is not None
    assert (known.last_seen_at, known.expires_at) == (NOW + 1000, NOW + 1000 + SESSION_LIFE_S)


def test_a_session_ends_with_the_token_that_opened_it(database: Database) -> None:
    token, _ = database.run(create_token, "ci", Role.VIEWER, NOW, NOW + 100)
    login = Login("ci", Role.VIEWER, "192.0.2.7", "", token.id, until=token.expires_at)
    session, secret = database.run(create_session, login, NOW)
    assert session.expires_at == NOW + 100
    database.run(renew_session, session.id, NOW + 50)
    assert database.run(valid_session, secret, NOW + 101) is None
    database.run(delete_token, token.id)
    assert database.run(all_sessions, NOW) == []


def test_a_changed_admin_token_ends_the_sessions_of_the_old_one(database: Database) -> None:
    database.run(create_session, Login("Admin", Role.ADMIN, "", "", admin_token_hash="old"), NOW)
    other, _ = database.run(create_session, LOGIN, NOW)
    database.run(forget_dead_sessions, NOW, "old")
    assert len(database.run(all_sessions, NOW)) == 2
    database.run(forget_dead_sessions, NOW, "new")
    assert [session.id for session in database.run(all_sessions, NOW)] == [other.id]
    database.run(create_session, Login("Admin", Role.ADMIN, "", "", admin_token_hash="new"), NOW)
    database.run(forget_dead_sessions, NOW, None)
    assert [session.id for session in database.run(all_sessions, NOW)] == [other.id]


def test_no_secret_stands_in_the_database(database: Database) -> None:
    secrets = [
        database.run(create_token, "ci", Role.VIEWER, NOW, None)[1],
        database.run(add_link, "Ann", Role.ADMIN, NOW, life_s=60, uses=1)[1],
        database.run(create_session, LOGIN, NOW)[1],
    ]
    stored = database.run(whole_database)
    assert "Ann" in stored
    assert not [secret for secret in secrets if secret in stored or secret.removeprefix("rg_") in stored]


def test_key_files_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    key, token = secret_key(tmp_path), cli_token(tmp_path)
    assert (secret_key(tmp_path), cli_token(tmp_path)) == (key, token)
    assert len(key) == 32
    assert token.startswith("rg_")
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["cli.token", "secret.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
