"""For Django: `request.support` holds the claims of the assertion; nobody passes without one."""
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse

from chaperone import Gate, Refused


class ChaperoneMiddleware:
    """Goes into MIDDLEWARE behind AuthenticationMiddleware, whose `request.user` it replaces."""

    def __init__(self, get_response):
        self.get_response = get_response
        options = dict(settings.CHAPERONE)
        # False where requests without a support session come in by the same door.
        self.required = options.pop("required", True)
        self.gate = Gate(**options)

    def __call__(self, request):
        request.support = None
        assertion = request.headers.get("X-Chaperone-Assertion")
        if assertion is not None or self.required:
            try:
                request.support = self.gate.verify(assertion or "", request.method, request.path)
                request.user = self.user(request)
            except Refused:
                return HttpResponse("not by way of the support gate\n", status=401)
            except ObjectDoesNotExist:
                return HttpResponse("the member of the support session is not known here\n", status=403)
        return self.get_response(request)

    def user(self, request):
        """Override this: the member of your app whose login is lent, looked up by workspace and id."""
        return getattr(request, "user", None)
