using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using KaTrace.Client;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>A subscriber that reads no more of what comes than counting takes: a million events a second are not too many for it.</summary>
internal sealed class CountingClient : IDisposable
{
    private const uint EventsTag = (StreamEventsResponse.EventsFieldNumber << 3) | 2;
    private const uint KindTag = Event.KindFieldNumber << 3;

    private static readonly Method<StreamEventsRequest, Counted> Method = new(
        MethodType.ServerStreaming, Katrace.Descriptor.FullName, "StreamEvents",
        new Marshaller<StreamEventsRequest>(request => request.ToByteArray(), StreamEventsRequest.Parser.ParseFrom),
        new Marshaller<Counted>((_, _) => throw new NotSupportedException(), context => Count(context.PayloadAsReadOnlySequence())));

    private readonly AsyncServerStreamingCall<Counted> _call;

    public CountingClient(KatraceConnection connection) =>
        _call = connection.Invoker.AsyncServerStreamingCall(Method, null, default, new StreamEventsRequest());

    public ulong Received { get; private set; }

    public ulong Lost { get; private set; }

    /// <summary>The first message of a stream that begins now says so.</summary>
    public async Task LiveAsync() => Assert.True(await _call.ResponseStream.MoveNext(default).WaitAsync(TimeSpan.FromSeconds(60)));

    /// <summary>Returns when so many events have come or are told to be lost.</summary>
    public async Task UntilAsync(ulong count, CancellationToken deadline)
    {
        while (Received + Lost < count && await _call.ResponseStream.MoveNext(deadline))
        {
            Received += _call.ResponseStream.Current.Events;
            Lost += _call.ResponseStream.Current.Lost;
        }
    }

    public void Dispose() => _call.Dispose();

    private static Counted Count(ReadOnlySequence<byte> payload)
    {
        ReadOnlySpan<byte> message = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        ulong events = 0, lost = 0;
        while (message.Length > 0)
        {
            uint tag = (uint)Varint(ref message);
            if ((tag & 7) == 0)
            {
                Varint(ref message);
                continue;
            }

            ReadOnlySpan<byte> batch = Bytes(ref message);
            while (tag == EventsTag && batch.Length > 0)
            {
                Varint(ref batch);
                ReadOnlySpan<byte> one = Bytes(ref batch);
                // Kinds come first, as fields are written in their order.
                Assert.Equal(KindTag, one[0]);
                if (one[1] == (int)Event.Types.Kind.Lost)
                    lost += Event.Parser.ParseFrom(one).Lost.Count;
                else
                    events++;
            }
        }

        return new Counted(events, lost);
    }

    private static ulong Varint(ref ReadOnlySpan<byte> data)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = data[0];
            data = data[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static ReadOnlySpan<byte> Bytes(ref ReadOnlySpan<byte> data)
    {
        int length = (int)Varint(ref data);
        ReadOnlySpan<byte> bytes = data[..length];
        data = data[length..];
        return bytes;
    }

    private sealed record Counted(ulong Events, ulong Lost);
}
