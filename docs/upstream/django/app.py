"""A Django app of one file that says who is there. `python app.py PORT`"""
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import JsonResponse
from django.urls import re_path

settings.configure(
    ALLOWED_HOSTS=["support.example.com"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["chaperone_django.ChaperoneMiddleware"],
    CHAPERONE={
        "issuer": "https://support.example.com",
        # By default below the issuer; here the gate's own address inside the network.
        "jwks_url": os.environ.get("CHAPERONE_JWKS_URL"),
        "bind": os.environ.get("CHAPERONE_BIND", "session"),
    },
)


def whoami(request):
    claims = request.support
    return JsonResponse(
        {"subject": claims["sub"], "workspace": claims["workspace"], "actor": claims["act"]["sub"], "access": claims["access"]}
    )


urlpatterns = [re_path("", whoami)]

if __name__ == "__main__":
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", sys.argv[1]])
