from django.urls import path

from gisapp.history import views

urlpatterns = [
    path("verlauf/<slug:name>/<str:key>/", views.feature_story, name="history"),
    path("verlauf/<slug:name>/<str:key>/zuruecknehmen/", views.revert, name="history-revert"),
]
