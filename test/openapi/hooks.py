"""
What schemathesis does not know of a broker: names of what is there, so that not each request is for nothing; and who
must be there until the end.
"""
import json

import schemathesis

KNOWN = {
    "vhost": ["/", "fuzz", "fuzz two"],
    "name": ["orders", "amq.topic", "amq.default", "events", "half-open"],
    "user": ["fuzz-plain", "fuzz-other"],
    "source": ["amq.topic", "events", "amq.default"],
    "destination": ["orders", "events"],
    "owner": ["fuzz", "fuzz-plain"],
    "limit": ["max-connections", "max-queues", "max-channels"],
    "component": ["vhost-limits", "policy", "operator_policy"],
    "properties": ["~", "key"],
    "unit": ["days", "weeks", "months", "years"],
    "within": ["1", "600"],
    "port": ["1", "5672"],
    "protocol": ["amqp", "http"],
}

# Without these there is nobody to ask any more.
NEEDED = {"guest", "fuzz"}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Two of three are of something that may be there: which ones follows from what was made up, and so from the seed."""
    if not path_parameters:
        return path_parameters
    chosen = {}
    for name, value in path_parameters.items():
        known = KNOWN.get(name)
        number = sum(str(value).encode("utf-8", "surrogatepass")) + 31 * len(str(value))
        isKnown = known and isinstance(value, str) and number % 3 != 0
        chosen[name] = known[number // 3 % len(known)] if isKnown else value
    return chosen


@schemathesis.hook
def filter_case(context, case):
    if case.method.upper() == "GET":
        return True
    if (case.path_parameters or {}).get("user") in NEEDED:
        return False
    told = json.dumps(case.body, default=str) if case.body is not None else ""
    is_about_users = case.path.startswith(("/api/users", "/api/definitions"))
    return not (is_about_users and any(json.dumps(name) in told for name in NEEDED))
