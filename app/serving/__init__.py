"""What `halfterm serve` does before and around the application.

databases.py  which PostgreSQL, as which roles: the embedded one, or the server that the settings name
roles.py      the password of an application role that we made ourselves
prepare.py    roles, schema and national data, made ready or checked
demo.py       the sandbox authority with a client of each kind, and a referral to try
welcome.py    what a person sees when it has started
listener.py   the port
processes.py  the server processes, which end when their parent does
run.py        all of it, in order
"""
