"""A PostgreSQL that is away, or that takes no writes, is told from a wrong statement."""

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from oo.store import silence
from oo.store.database import Database
from oo.store.failures import holds_nul, store_is_away
from tests.peers import both_stores
from tests.peers.postgres import BIN, postgres

postgres_url = both_stores.postgres_url
pytestmark = pytest.mark.skipif(BIN is None, reason="needs Debian's postgresql")


async def test_a_stopped_postgres_is_away() -> None:
    with postgres() as url:
        db = Database(url)
        await db.probe()
    for _ in range(2):  # a connection that broke, and none to be had
        with pytest.raises((DBAPIError, OSError)) as away:
            await db.probe()
        assert store_is_away(away.value), repr(away.value)
    await db.close()


async def test_a_server_that_is_gone_without_a_word_is_noticed() -> None:
    """Else who waits for its answer waits for ever: asyncpg sets nothing of the kind."""
    with postgres() as url:
        db = Database(url)
        async with db.read() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            own = driver._transport.get_extra_info("socket")
            assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            asked = [
                own.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            assert asked == [silence.IDLE_S, silence.EVERY_S, silence.TIMES]
            given_up = own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert given_up == silence.GIVE_UP_S * 1000
        await db.close()


async def test_one_that_takes_no_writes_is_away() -> None:
    with postgres() as url:
        db = Database(url)
        async with db.read() as connection:
            await connection.exec_driver_sql(
                "ALTER ROLE postgres SET default_transaction_read_only = on"
            )
            await connection.commit()
        await db.close()
        db = Database(url)
        with pytest.raises(DBAPIError) as refused:
            async with db.write() as connection:
                await connection.exec_driver_sql("CREATE TABLE one (it INT)")
        assert store_is_away(refused.value), repr(refused.value)
        await db.close()


@pytest.mark.parametrize("kind", ["text", "jsonb"])
async def test_a_nul_is_told_from_a_store_that_is_away(postgres_url: str, kind: str) -> None:
    db = Database(postgres_url)
    given = "a\0b" if kind == "text" else '"a\\u0000b"'
    with pytest.raises(DBAPIError) as refused:
        async with db.read() as connection:
            await connection.execute(
                text(f"SELECT CAST(CAST(:it AS text) AS {kind})"), {"it": given}
            )
    await db.close()
    assert holds_nul(refused.value), repr(refused.value)
    assert not store_is_away(refused.value)
