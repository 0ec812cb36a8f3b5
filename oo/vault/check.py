"""Whether the master keys at hand open what is stored, before anything is started with them."""

from oo.kit.errors import ConfigurationError
from oo.kit.settings import Settings
from oo.store import data_keys
from oo.store.data_keys import DataKeyRow
from oo.store.database import Database
from oo.vault.keyring import FILE_KEY_ID, FILE_NAME, Keyring, load_keyring
from oo.vault.seal import SealError
from oo.vault.service import Vault


async def check_master_keys(db: Database, settings: Settings) -> None:
    """Raise ConfigurationError when a person's data key was wrapped under a key that is gone.

    A master key that was lost must not be replaced in silence by a new one of the same name.
    """
    async with db.read() as connection:
        samples = await data_keys.one_of_each_master_key(connection)
    if not samples:
        return
    file = settings.data_dir.resolve() / FILE_NAME
    if not settings.master_keys and not file.exists():
        raise ConfigurationError(
            f"The master key {file} is gone, and people's data is sealed under it. Put it back from"
            " a backup. Without it nobody can read that data: `oo keys abandon` gives it up, and"
            " people connect their sources again."
        )
    keyring = load_keyring(settings)
    for row in samples:
        try:
            Vault.check(keyring, row)
        except SealError as error:
            where = file if row.kek_id == FILE_KEY_ID else f"OO_MASTER_KEYS ({row.kek_id!r})"
            raise ConfigurationError(
                f"People's data is sealed under another master key than the one in {where}. Put the"
                " right one back, or give that data up with `oo keys abandon`."
            ) from error


async def unused_keys(db: Database, settings: Settings) -> list[str]:
    """The ids of master keys under which no data key is, but for the one that seals."""
    keyring = load_keyring(settings, make=False)
    async with db.read() as connection:
        used = {row.kek_id for row in await data_keys.one_of_each_master_key(connection)}
    return [key_id for key_id in keyring.ids if key_id not in {*used, keyring.current_id}]


async def abandon_unreadable(db: Database, settings: Settings) -> int:
    """Give up what no master key at hand opens; how many people must connect again."""
    keyring = load_keyring(settings)
    async with db.write() as connection:
        lost = [row.user_id for row in await data_keys.every(connection) if _is_lost(keyring, row)]
        await data_keys.abandon(
            connection, lost, "The stored connection was lost. Connect it again."
        )
    return len(lost)


def _is_lost(keyring: Keyring, row: DataKeyRow) -> bool:
    try:
        Vault.check(keyring, row)
    except (SealError, ConfigurationError):
        return True
    return False
