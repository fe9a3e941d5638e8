from django.urls import path

from layers.venues import desk, feeds, pages

urlpatterns = [
    path("venues/", pages.searched, name="venues"),
    path("venues/desk/", desk.inbox, name="venues-desk"),
    path("venues/desk/<uuid:key>/", desk.shown, name="venues-desk-booking"),
    path("venues/booking/<uuid:key>/<str:token>/", pages.booking, name="venues-booking"),
    path("venues/<int:key>/", pages.venue, name="venue"),
    path("venues/<int:key>/book/", pages.book, name="venue-book"),
    path("venues/<int:key>/calendar.ics", feeds.calendar, name="venue-calendar"),
]
