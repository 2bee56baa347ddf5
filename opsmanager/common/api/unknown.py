"""What the API says at an address that it does not have: its own form of error, never a page."""

from typing import NoReturn

from django.urls.converters import PathConverter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from opsmanager.common.problems import NotFound


class Anything(PathConverter):
    """The rest of an address, line breaks included, which Django's own ``path`` leaves out."""

    regex = r"[\s\S]+"


@extend_schema(exclude=True)
class UnknownView(APIView):
    """Every address below the API that is none of its own."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        """Refuse whatever is asked for, once it is known who asks."""
        super().initial(request, *args, **kwargs)
        raise NotFound(f"The API has no {request.path}. /api/v1/docs/ lists what it has.")

    def get(self, request: Request, **_: object) -> Response:
        """Never reached; a view needs a method."""
        raise NotImplementedError
