from django.urls import path

from gisapp.tasks import views

urlpatterns = [
    path("betrieb/auftraege/", views.job_list, name="tasks-jobs"),
    path("betrieb/auftraege/<int:job>/anhalten", views.job_stop, name="tasks-stop"),
    path("betrieb/auftraege/<int:job>/wiederholen", views.job_retry, name="tasks-retry"),
]
