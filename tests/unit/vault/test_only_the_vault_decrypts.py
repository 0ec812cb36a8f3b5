"""Only the vault has ciphers: whatever else is to be opened asks it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    path for folder in ("oo", "ml", "deployments") for path in (ROOT / folder).rglob("*.py")
)
CIPHERS = ("cryptography.hazmat.primitives.ciphers", "cryptography.fernet", "Crypto", "nacl")
OPENS = {"unseal", "unseal_with"}  # the vault's own functions


def takes_a_cipher(text: str) -> bool:
    """Whether a module imports something that decrypts, or the functions of the vault that do."""
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
        if any(name == one or name.startswith(f"{one}.") for name in names for one in CIPHERS):
            return True
        if any(name in {f"oo.vault.seal.{one}" for one in OPENS} for name in names):
            return True
    return False


def test_only_the_vault_imports_ciphers() -> None:
    found = {str(path.relative_to(ROOT)) for path in SOURCES if takes_a_cipher(path.read_text())}
    assert found
    assert all(name.startswith("oo/vault/") for name in found), found


@pytest.mark.parametrize(
    "line",
    [
        "from cryptography.hazmat.primitives.ciphers.aead import AESGCM",
        "import cryptography.fernet",
        "from cryptography.hazmat.primitives import ciphers",
        "from oo.vault.seal import SealError, unseal",
    ],
)
def test_the_rule_sees_one(line: str) -> None:
    assert takes_a_cipher(line)
    assert not takes_a_cipher("from oo.vault.seal import SealError")
