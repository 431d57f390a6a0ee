using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using KaTrace.V1;
using Socket = System.Net.Sockets.Socket;

namespace KaTrace.Client;

/// <summary>A connection to a KaTrace agent. Opened when it is first needed, and again whenever it breaks.</summary>
/// <remarks>Thread-safe: one serves any number of streams and calls.</remarks>
public sealed class KatraceConnection : IAsyncDisposable
{
    /// <summary>Where the agent of this host listens unless told otherwise.</summary>
    public const string DefaultAddress = "unix:/run/katrace/katrace.sock";

    private readonly GrpcChannel _channel;

    private KatraceConnection(GrpcChannel channel, string address)
    {
        _channel = channel;
        Address = address;
        Invoker = channel.CreateCallInvoker();
        Service = new Katrace.KatraceClient(Invoker);
    }

    /// <summary>As it was given.</summary>
    public string Address { get; }

    /// <summary>The service as it was generated from the proto files, for calls that this class does not make easier.</summary>
    public Katrace.KatraceClient Service { get; }

    /// <summary>For other services of the agent: health, reflection.</summary>
    public CallInvoker Invoker { get; }

    /// <summary>Makes a connection object. Nothing is sent yet.</summary>
    /// <param name="address"><c>unix:PATH</c>; <c>HOST:PORT</c>, without TLS; or <c>tls://HOST:PORT</c>.</param>
    /// <param name="tls">For <c>tls://</c>; null: the authorities of this host, and no client certificate.</param>
    /// <exception cref="FormatException">The address is none of these.</exception>
    /// <exception cref="IOException">A certificate cannot be read.</exception>
    public static KatraceConnection Open(string address = DefaultAddress, KatraceTls? tls = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        SocketsHttpHandler handler = new()
        {
            // A host that has gone without a word is noticed within 50 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        };
        Uri uri = address.StartsWith("unix:", StringComparison.Ordinal) ? UseUnixSocket(handler, address)
            : address.StartsWith("tls://", StringComparison.Ordinal) ? UseTls(handler, address, tls ?? new KatraceTls())
            : Parse("http://", address, address);
        return new KatraceConnection(GrpcChannel.ForAddress(uri, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }), address);
    }

    /// <summary>Events, until the request's own end or <paramref name="cancel"/>. Where the connection breaks it is made again, and
    /// the stream goes on behind the last event that came.</summary>
    /// <param name="request">Which events; where the stream begins the first time.</param>
    /// <param name="broken">Told why, each time that the connection breaks; null: nobody is.</param>
    /// <param name="cancel">Ends the stream without an exception.</param>
    /// <returns>In order. <see cref="Event.NodeName"/> is filled in; a LOST without sequence is told to this client alone.</returns>
    /// <exception cref="RpcException">The agent refuses the request: trying again would not help.</exception>
    public async IAsyncEnumerable<Event> EventsAsync(StreamEventsRequest request, Action<RpcException>? broken = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        await foreach (StreamEventsResponse response in ResponsesAsync(request, broken, cancel).ConfigureAwait(false))
        {
            foreach (Event one in response.Events?.Events ?? [])
            {
                one.NodeName = response.NodeName;
                yield return one;
            }
        }
    }

    /// <summary>The same as messages: batches, markers, and how far the stream is. A snapshot that broke, and that of an agent that was
    /// started anew since, comes once more, from its beginning: who holds its state takes the new one in place of what was.</summary>
    /// <inheritdoc cref="EventsAsync"/>
    public async IAsyncEnumerable<StreamEventsResponse> ResponsesAsync(StreamEventsRequest request, Action<RpcException>? broken = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        StreamEventsRequest next = request.Clone();
        Backoff backoff = new();
        while (true)
        {
            using AsyncServerStreamingCall<StreamEventsResponse> call = Service.StreamEvents(next, cancellationToken: cancel);
            bool startsOver = false;
            while (!startsOver && await TryMoveNextAsync(call.ResponseStream, broken, cancel).ConfigureAwait(false) is { } more)
            {
                if (!more)
                    yield break;
                StreamEventsResponse response = call.ResponseStream.Current;
                backoff.Reset();
                startsOver = request.Snapshot && next.After is { } after && after.InstanceId != response.InstanceId;
                next = startsOver ? request.Clone() : Behind(next, response);
                if (!startsOver)
                    yield return response;
            }

            if (cancel.IsCancellationRequested || (!startsOver && !await backoff.WaitAsync(cancel).ConfigureAwait(false)))
                yield break;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The request that goes on behind a response. One amid a snapshot asks for all of it.</summary>
    private static StreamEventsRequest Behind(StreamEventsRequest request, StreamEventsResponse response)
    {
        if (response.ContentCase == StreamEventsResponse.ContentOneofCase.Connections)
            return request;
        (request.Snapshot, request.Last, request.Since) = (false, 0, null);
        request.After = new Position { InstanceId = response.InstanceId, Sequence = response.Sequence, ToldSequence = response.ToldSequence };
        return request;
    }

    /// <returns>False at the end of the stream; null when it broke.</returns>
    private static async Task<bool?> TryMoveNextAsync(IAsyncStreamReader<StreamEventsResponse> responses, Action<RpcException>? broken, CancellationToken cancel)
    {
        try
        {
            return await responses.MoveNext(cancel).ConfigureAwait(false);
        }
        catch (RpcException) when (cancel.IsCancellationRequested)
        {
            return null;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled)
        {
            broken?.Invoke(e);
            return null;
        }
    }

    private static Uri UseUnixSocket(SocketsHttpHandler handler, string address)
    {
        string path = address["unix:".Length..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        if (path.Length == 0)
            throw new FormatException($"bad address '{address}': the path of the socket is missing");
        handler.ConnectCallback = async (_, cancel) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return new Uri("http://localhost");
    }

    private static Uri UseTls(SocketsHttpHandler handler, string address, KatraceTls tls)
    {
        Uri uri = Parse("https://", address["tls://".Length..], address);
        SslClientAuthenticationOptions options = handler.SslOptions;
        options.TargetHost = tls.ServerName ?? uri.IdnHost;
        if (tls.AuthorityFile is { } authorities)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authorities);
            options.CertificateChainPolicy = policy;
        }

        if (tls.CertificateFile is { } certificate)
            options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, tls.KeyFile ?? certificate)];
        return uri;
    }

    private static Uri Parse(string scheme, string host, string address) =>
        Uri.TryCreate(scheme + host, UriKind.Absolute, out Uri? uri) && uri is { Port: > 0, PathAndQuery: "/" } && host.Contains(':', StringComparison.Ordinal)
            ? uri
            : throw new FormatException($"bad address '{address}': it is unix:PATH, HOST:PORT or tls://HOST:PORT, such as {DefaultAddress}");
}
