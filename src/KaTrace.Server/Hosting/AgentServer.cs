using System.Net.Security;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Grpc.Reflection;
using Grpc.Reflection.V1Alpha;
using KaTrace.Server.Log;
using KaTrace.Server.Streaming;
using KaTrace.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KaTrace.Server.Hosting;

/// <summary>The gRPC server: katrace.v1.Katrace over the log, health and reflection.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    public const string VersionHeader = "katrace-version";

    /// <summary>Streams end at once when they are told to; this is for a client that does not read.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromMilliseconds(80);

    private readonly WebApplication _app;
    private readonly List<UnixListener> _sockets;

    private AgentServer(WebApplication app, List<UnixListener> sockets)
    {
        (_app, _sockets) = (app, sockets);
        Addresses = [.. app.Urls];
    }

    /// <summary>Where it listens, ports chosen by the kernel included.</summary>
    public IReadOnlyList<string> Addresses { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Once no call of StreamEvents is under way, where the log is complete.</summary>
    public Task StreamsEndedAsync() => _app.Services.GetRequiredService<Subscriptions>().EndedAsync();

    /// <exception cref="IOException">An address cannot be had; the message says which, and why.</exception>
    public static async Task<AgentServer> StartAsync(ServerOptions options, EventLog log, IAgent agent, Action<string> warn)
    {
        List<UnixListener> sockets = [];
        CalmWarnings warnings = new(warn, TimeProvider.System);
        try
        {
            WebApplication app = Build(options, log, agent, warnings.Warn, sockets);
            await StartAsync(app, options).ConfigureAwait(false);
            foreach (UnixListener socket in sockets)
                socket.Publish(options.SocketGroup);
            app.Services.GetRequiredService<SocketLooks>().Trim(); // starting has taken several times what serving needs
            return new AgentServer(app, sockets);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    /// <summary>Ends all streams with UNAVAILABLE.</summary>
    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task StartAsync(WebApplication app, ServerOptions options)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new IOException($"cannot listen on {string.Join(", ", options.Listen.Select(a => a.Text))}: an address is in use already; choose another --listen, or stop who uses it", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new IOException($"cannot listen on {string.Join(", ", options.Listen.Select(a => a.Text))}: {e.Message}", e);
        }
    }

    private static WebApplication Build(ServerOptions options, EventLog log, IAgent agent, Action<string> warn, List<UnixListener> sockets)
    {
        // Neither the directory that it is started in nor the environment is to configure the server behind our back.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "katrace", ContentRootPath = "/" });
        builder.Logging.AddProvider(new WarningLog(warn)).SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options, warn, sockets));
        // What is received is handled by the thread that received it: nothing of ours blocks there.
        builder.Services.Configure<SocketTransportOptions>(transport => transport.UnsafePreferInlineScheduling = true);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddGrpc(grpc => grpc.EnableDetailedErrors = false);
        builder.Services.AddSingleton(log).AddSingleton(agent).AddSingleton(options).AddSingleton<Subscriptions>().AddSingleton<SocketLooks>().AddSingleton<KatraceService>();
        builder.Services.AddSingleton(NewHealth());
        builder.Services.AddSingleton(new ReflectionServiceImpl(Katrace.Descriptor, Health.Descriptor, ServerReflection.Descriptor));

        WebApplication app = builder.Build();
        app.Use((context, next) =>
        {
            context.Response.Headers[VersionHeader] = AgentVersion.Text;
            return next(context);
        });
        app.MapGrpcService<KatraceService>();
        app.MapGrpcService<HealthServiceImpl>();
        app.MapGrpcService<ReflectionServiceImpl>();
        return app;
    }

    private static HealthServiceImpl NewHealth()
    {
        HealthServiceImpl health = new();
        health.SetStatus("", HealthCheckResponse.Types.ServingStatus.Serving);
        health.SetStatus(Katrace.Descriptor.FullName, HealthCheckResponse.Types.ServingStatus.Serving);
        return health;
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options, Action<string> warn, List<UnixListener> sockets)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MinResponseDataRate = null; // a slow reader loses events, not its connection
        kestrel.Limits.MaxConcurrentConnections = options.MostConnections;
        kestrel.Limits.KeepAliveTimeout = options.IdleFor;
        kestrel.Limits.Http2.KeepAlivePingDelay = options.PingAfter;
        kestrel.Limits.Http2.KeepAlivePingTimeout = options.GoneAfter;
        DirectTransport direct = new();
        TlsFiles? tls = options.Tls is null ? null : new TlsFiles(options.Tls, warn);
        foreach (ListenAddress address in options.Listen)
        {
            if (address.UnixPath is { } path)
                ListenUnix(kestrel, path, direct, warn, sockets);
            else
                kestrel.Listen(address.EndPoint!, listen => ConfigureTcp(listen, direct, tls));
        }
    }

    private static void ListenUnix(KestrelServerOptions kestrel, string path, DirectTransport direct, Action<string> warn, List<UnixListener> sockets)
    {
        UnixListener socket = new(path);
        sockets.Add(socket);
        PeerGate gate = new(socket, peer => warn($"refused process {peer.Pid} of user {peer.Uid} on {path}: it is not root, and not in the socket's group"));
        kestrel.ListenUnixSocket(socket.BindPath, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(gate.Guard);
            listen.Use(direct.Use);
        });
    }

    private static void ConfigureTcp(ListenOptions listen, DirectTransport direct, TlsFiles? tls)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(direct.Use);
        if (tls is not null)
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult<SslServerAuthenticationOptions>(tls.Options) });
    }
}
