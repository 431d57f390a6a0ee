using System.Runtime.InteropServices;
using KaTrace.Cli.Replaying;
using KaTrace.Interop;
using KaTrace.Server.Hosting;
using KaTrace.Server.Tracing;
using KaTrace.V1;

namespace KaTrace.Cli.Serving;

/// <summary>One run of <c>katrace serve</c>.</summary>
internal sealed class ServeSession : IDisposable
{
    private static readonly TimeSpan CompareWithin = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<Exception?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    private ServeSession() => (_interrupt, _terminate) = (EndOn(PosixSignal.SIGINT), EndOn(PosixSignal.SIGTERM));

    /// <exception cref="Bpf.BpfException">Tracing cannot be set up.</exception>
    /// <exception cref="IOException">An address cannot be had.</exception>
    public static async Task<int> TraceAsync(TraceOptions trace, ServerOptions server, FilterList filters, bool verbose)
    {
        using ServeSession session = new();

        // Not disposed: what it has in the kernel goes with the process, and sooner.
        TracedLog traced = TracedLog.Start(trace, Warn, failure => session._end.TrySetResult(failure));
        await using (AgentServer agent = await AgentServer.StartAsync(server, traced.Log, traced, Warn).ConfigureAwait(false))
        {
            Say(ServeStatus.Serving(traced, server, agent, filters, verbose));
            FreedMemory.GiveBack();
            if (await session._end.Task.ConfigureAwait(false) is { } failure)
            {
                Warn(failure.Message);
                return ExitCodes.Failure;
            }
        }

        try
        {
            await traced.CompareProbesAsync().WaitAsync(CompareWithin).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A host with very many processes: the summary then has the last comparison.
        }

        Say(ServeStatus.Summary(traced));
        return ExitCodes.Ok;
    }

    /// <param name="replay">What is served.</param>
    /// <param name="exitsAtEnd">When all is served; otherwise when it is told to.</param>
    /// <param name="settings">Where, and how much of it is kept.</param>
    /// <param name="filters">As they were given.</param>
    /// <exception cref="IOException">A file cannot be opened, or an address cannot be had.</exception>
    /// <exception cref="InvalidDataException">One is no capture, or they are not all of one host.</exception>
    public static async Task<int> ReplayAsync(ReplayOptions replay, bool exitsAtEnd, ServeSettings settings, FilterList filters)
    {
        using ServeSession session = new();
        TaskCompletionSource<Exception?> through = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ReplayedAgent replayed = new(replay, settings.HistoryBytes, through.SetResult);
        await using AgentServer agent = await AgentServer.StartAsync(settings.Server, replayed.Log, replayed, Warn).ConfigureAwait(false);
        Say(ServeStatus.Serving(replayed, replay, settings.Server, agent, filters));
        replayed.Begin();

        if (await Task.WhenAny(through.Task, session._end.Task).ConfigureAwait(false) == session._end.Task)
            return ExitCodes.Ok;
        Exception? damage = await through.Task.ConfigureAwait(false);
        foreach (string gap in replayed.Gaps)
            Warn(gap);
        Say(ServeStatus.Through(replayed, exitsAtEnd));
        if (exitsAtEnd)
        {
            replayed.Log.Complete();
            await Task.WhenAny(agent.StreamsEndedAsync(), session._end.Task).ConfigureAwait(false);
        }
        else
        {
            await session._end.Task.ConfigureAwait(false);
        }

        return damage is null ? ExitCodes.Ok : ExitCodes.Failure;
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private static void Say(string line) => Console.Error.WriteLine(line);

    private static void Warn(string warning) => Console.Error.WriteLine($"katrace: {warning}");

    private PosixSignalRegistration EndOn(PosixSignal signal) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _end.TrySetResult(null);
        });
}
