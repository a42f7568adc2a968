"""What clients ask a registry about itself, and what this one has none of."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from governance.registry import faults
from portal.registry.faces import Face, paged
from portal.release import running_version


class Root(Face):
    """/"""

    def get(self, request: Request) -> Response:
        """That it is there."""
        return Response({})


class Contexts(Face):
    """/contexts"""

    def get(self, request: Request) -> Response:
        """The default one: a name in another is a name like any other."""
        return Response(list(paged(request, ["."])))


class ClusterId(Face):
    """/v1/metadata/id"""

    def get(self, request: Request) -> Response:
        """There are no clusters of it."""
        return Response({"scope": {"path": [], "clusters": {"schema-registry-cluster": "plumbline"}}, "id": ""})


class Version(Face):
    """/v1/metadata/version"""

    def get(self, request: Request) -> Response:
        """The portal's own; an installed package knows no commit."""
        return Response({"version": running_version(), "commitId": ""})


class Deployment(Face):
    """/v1/metadata/deployment"""

    def get(self, request: Request) -> Response:
        """Nothing that a client would have to know."""
        return Response({"attributes": []})


class Associations(Face):
    """/associations/…"""

    def get(self, request: Request, path: str) -> Response:
        """There are none: clients then name subjects by their strategy."""
        raise faults.RegistryFault(404, "HTTP 404 Not Found")
