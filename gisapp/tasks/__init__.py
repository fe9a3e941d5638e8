"""Background work on a queue in PostgreSQL (procrastinate).

An app declares its jobs in a module `tasks.py`, which is found by itself:

    @task("defects.remind", title=Text("Erinnern", "Remind"), cron="0 6 * * *", stoppable=True)
    def remind(progress: Progress) -> None: ...

and puts one in with `start(remind, key="remind:7", number=7)`, inside the transaction that wants it. A job's arguments
are keys and numbers, never anybody's data: they stay in the queue as long as the job is remembered. A job may run
twice (a worker that dies is replaced), so it must find out what is done already.
"""
