"""What somebody may see and do beside their own."""

from enum import StrEnum


class Role(StrEnum):
    """Each may what those before it may."""

    PERSON = "person"
    VIEWER = "viewer"  # sees what is everybody's, changes nothing
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
