"""Productions in the store."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text, update

from regie.domain.edits import with_scene, with_strip
from regie.domain.errors import Invalid, NotFound
from regie.domain.production import Input, Production, new_production
from regie.domain.scenes import Item, Scene
from regie.store.database import Database
from regie.store.productions import add_production, all_productions, change_production, seed_production
from regie.store.tables import productions

NOW = 1_800_000_000.0
INPUTS = (Input("cam1", "Stage"), Input("cam2", "Wörship 🎥"))


def production(production_id: str = "main") -> Production:
    return new_production(production_id, production_id.title(), INPUTS)


def test_a_production_comes_back_as_it_was(database: Database) -> None:
    edited = with_scene(production(), Scene("mine", "Mine", (Item("cam2", x=0.25, opacity=0.5),)))
    edited = with_strip(edited, "cam1", {"level_db": -12.5, "follows": True})
    database.run(add_production, edited, NOW)
    assert database.run(all_productions) == [edited]


def test_productions_come_in_the_order_they_were_made(database: Database) -> None:
    for number, production_id in enumerate(("main", "hall", "annex")):
        database.run(add_production, production(production_id), NOW + number)
    assert [known.id for known in database.run(all_productions)] == ["main", "hall", "annex"]


def test_a_change_is_kept_and_its_time_is_noted(database: Database) -> None:
    database.run(add_production, production(), NOW)
    louder = with_strip(production(), "cam2", {"level_db": 3})
    database.run(change_production, louder, NOW + 5)
    assert database.run(all_productions) == [louder]
    row = database.run(lambda connection: connection.execute(productions.select()).one())
    assert (row.created_at, row.updated_at) == (NOW, NOW + 5)


def test_what_is_not_there_cannot_be_changed(database: Database) -> None:
    with pytest.raises(NotFound):
        database.run(change_production, production(), NOW)


def test_only_a_store_without_productions_is_given_one(database: Database) -> None:
    assert database.run(seed_production, production(), NOW)
    assert not database.run(seed_production, production("other"), NOW)
    assert [known.id for known in database.run(all_productions)] == ["main"]


def test_a_damaged_document_is_named(database: Database) -> None:
    database.run(add_production, production(), NOW)
    damaged = production().to_wire() | {"hold_s": 1e9}
    database.run(lambda connection: connection.execute(update(productions).values(document=damaged)))
    with pytest.raises(Invalid, match="'main' in the database is damaged"):
        database.run(all_productions)


def test_a_store_from_before_there_were_productions_is_brought_up_to_date(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'regie.db'}"
    with create_engine(url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", "regie.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("insert into sources values ('cam1', 'Stage', 'test', '{}', 1, 1.0, 1.0)"))
    database = Database.open(tmp_path)
    assert database.run(all_productions) == []
    assert database.run(lambda connection: connection.scalar(text("select count(*) from sources"))) == 1
    database.close()
