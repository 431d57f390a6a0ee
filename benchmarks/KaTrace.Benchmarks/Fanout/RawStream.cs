using Google.Protobuf;
using Grpc.Core;
using KaTrace.V1;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>StreamEvents as bytes: a client that costs little, so that the server is what is measured.</summary>
internal static class RawStream
{
    public static readonly Method<StreamEventsRequest, byte[]> Method = new(
        MethodType.ServerStreaming, Katrace.Descriptor.FullName, "StreamEvents",
        new Marshaller<StreamEventsRequest>(request => request.ToByteArray(), StreamEventsRequest.Parser.ParseFrom),
        new Marshaller<byte[]>(bytes => bytes, bytes => bytes));

    /// <summary>Elements of the batch in a <see cref="StreamEventsResponse"/>.</summary>
    public static int CountEvents(byte[] response)
    {
        CodedInputStream message = new(response);
        int count = 0;
        while (message.ReadTag() is var tag && tag != 0)
        {
            if (tag != (StreamEventsResponse.EventsFieldNumber << 3 | 2))
            {
                message.SkipLastField();
                continue;
            }

            int end = message.ReadLength() + (int)message.Position;
            for (; message.Position < end; count++)
            {
                message.ReadTag();
                message.SkipLastField();
            }
        }

        return count;
    }
}
