"""Makes the files of `ops/` anew: `python -m oo.observability`."""

from oo.observability.files import FILES


def main() -> None:
    """Write each file."""
    for path, make in FILES.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), "utf-8")


if __name__ == "__main__":
    main()
