from django.urls import path

from layers.fibre import answers, order_pages, pages

urlpatterns = [
    path("fibre/", pages.network, name="fibre"),
    path("fibre/ask", answers.answer, name="fibre-ask"),
    path("fibre/orders/", order_pages.listed, name="fibre-orders-page"),
    path("fibre/orders/new/", order_pages.drafted, name="fibre-order-new"),
    path("fibre/orders/<uuid:key>/", order_pages.shown, name="fibre-order-page"),
    path("fibre/orders/<uuid:key>/head/", order_pages.headed, name="fibre-order-head"),
    path("fibre/orders/<uuid:key>/steps/", order_pages.stepped, name="fibre-order-steps"),
    path("fibre/orders/<uuid:key>/steps/<int:number>/", order_pages.stepped, name="fibre-order-step"),
    path("fibre/orders/<uuid:key>/steps/<int:number>/move/", order_pages.step_moved, name="fibre-order-step-move"),
    path("fibre/orders/<uuid:key>/<slug:verb>/", order_pages.moved, name="fibre-order-do"),
]
