namespace KaTrace.Server.Hosting;

/// <summary>How the agent is reached.</summary>
internal sealed record ServerOptions
{
    public IReadOnlyList<ListenAddress> Listen { get; init; } = [ListenAddress.Parse(ListenAddress.DefaultText)];

    /// <summary>Of TCP; null: without TLS.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>Group of Unix sockets, whose members may connect; null: the one that they get by themselves.</summary>
    public uint? SocketGroup { get; init; }

    /// <summary>A client that has sent nothing for so long is asked for a sign of life.</summary>
    public TimeSpan PingAfter { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>One that gives none for so long is gone. Longer than a debugger or a suspended job is asked to wait.</summary>
    public TimeSpan GoneAfter { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Who asks for all connections has taken them by then, or gets no more: the agent holds them in memory meanwhile.</summary>
    public TimeSpan ListTakenWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>So long after the last list of connections, the memory that it took is given back to the system.</summary>
    public TimeSpan TrimAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A connection on which no call is under way is closed after so long.</summary>
    public TimeSpan IdleFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Connections to one address at once: further ones are closed as they come, so that whoever opens them without end
    /// takes neither all descriptors nor the other addresses.</summary>
    public int MostConnections { get; init; } = 4096;
}
