"""What people see of a job while it runs; its state is the queue's own."""

from django.db import models


class JobProgress(models.Model):
    """One row for each job that has run, gone when the queue forgets the job (a foreign key in the migration).

    It is written on a connection of its own, so that it can be seen while the job's transaction is open.
    """

    job_id = models.BigIntegerField(primary_key=True)
    percent = models.SmallIntegerField(default=0)
    text_de = models.TextField(default="", blank=True)
    text_en = models.TextField(default="", blank=True)
    # The stable code of the last failure: gisapp.errors has its texts. Never a message.
    error_code = models.TextField(default="", blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "tasks_progress"
        constraints = [
            models.CheckConstraint(condition=models.Q(percent__gte=0, percent__lte=100), name="percent_0_to_100")
        ]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.percent} %"
