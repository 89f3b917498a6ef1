"""The panel server: the HTTP edge of the package, and the only one a browser talks to.

It serves the built web app, signs browsers in, hands out video, frames and signals, and passes one
WebSocket on to the bridge on loopback. Everything that a browser sends is checked here: Host,
Origin and session, on every request and every socket.

`server.py` puts it together; `python -m training_manager_ros.panel` runs it alone (the launch file
does), `ui.py` runs it with node and bridge as children (`training-manager ui`).
"""
