"""Writes alembic/released.sha256: from here on the listed revisions stay as they are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from db.released import ReleasedError, release  # the path comes first

if __name__ == "__main__":
    try:
        print(f"{release()} files of revisions are released.")
    except ReleasedError as error:
        sys.exit(str(error))
