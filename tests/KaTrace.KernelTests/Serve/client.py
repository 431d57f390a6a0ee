#!/usr/bin/python3
# A client of katrace.v1 that is built from the proto files alone:
#   protoc -I proto --python_out=. --grpc_python_out=. --plugin=protoc-gen-grpc_python=$(which grpc_python_plugin) proto/katrace/v1/*.proto
#   python3 client.py unix:/run/katrace/katrace.sock
import sys

import grpc

from katrace.v1 import katrace_pb2 as katrace
from katrace.v1 import katrace_pb2_grpc

channel = grpc.insecure_channel(sys.argv[1])
stub = katrace_pb2_grpc.KatraceStub(channel)
print("status", stub.GetStatus(katrace.GetStatusRequest()).node_name, flush=True)
for response in stub.StreamEvents(katrace.StreamEventsRequest(snapshot=True)):
    content = response.WhichOneof("content")
    if content == "live":
        print("live", flush=True)
    for connection in response.connections.connections:
        print("connection", connection.socket.inode, connection.keepalive.idle_seconds, flush=True)
    for event in response.events.events:
        print(event.Kind.Name(event.kind), event.socket.inode, event.process.comm, flush=True)
