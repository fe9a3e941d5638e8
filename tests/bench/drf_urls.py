"""djangorestframework-gis as its documentation shows it, on the benchmark's tables."""

from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.pagination import LimitOffsetPagination
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from layers.regions.models import Address


class AddressSerializer(GeoFeatureModelSerializer):
    class Meta:
        model = Address
        geo_field = "geom"
        fields = ("id", "geom", "street_name", "house_number", "postcode", "locality")


class Pages(LimitOffsetPagination):
    max_limit = 10_000


class Addresses(ListAPIView):
    queryset = Address.objects.filter(retired_at__isnull=True).order_by("pk")
    serializer_class = AddressSerializer
    pagination_class = Pages
    throttle_classes = ()


urlpatterns = [path("addresses/", Addresses.as_view())]
