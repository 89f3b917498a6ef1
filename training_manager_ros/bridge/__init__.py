"""rosbridge v2 over rclpy, for machines without rosbridge_server; run as `python -m …bridge`.

A client (roslib, roslibpy, the panel) can't tell the two apart, but for what this one does better:

- It is limited to this package's names (globs), listens on loopback, and refuses every request
  that carries an `Origin` header unless that origin is allowed: no web page reaches it.
- Nothing stays unanswered. A failed call or goal gets its `service_response` or `action_result`
  with `result: false` and the reason; everything else a `status` message with level `error` and
  the request's id.
- A client that reads slowly gets the newest messages and costs bounded memory.

Offered: subscribe, unsubscribe, advertise, unadvertise, publish, call_service, send_action_goal,
cancel_action_goal, set_level. Not offered, and answered so: serving services and actions, fragments
and CBOR. `compression: png` is accepted and messages come uncompressed, which its clients read too.

Layers, each importing only those below:

    server      tornado: one WebSocket a client; origin, size and keepalive
    session     one client: what it asked for, and what it is answered; goals: its goals
    outbox      one client: what waits to be sent, how much of it, how often
    subscribers (feeds, joiners, samples), publishers, services, actions, logs
    rosthread   rclpy's executor in its own thread, and the way to it and back
    encode, decode, interfaces, protocol, globs    pure: messages, types, requests, names

Everything above `rosthread` runs in tornado's thread; every rclpy entity is made, used and
destroyed in the executor's.
"""
