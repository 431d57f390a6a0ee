using System.Runtime.InteropServices;
using KaTrace.Cli.Filters;
using KaTrace.Interop;
using KaTrace.Server.Hosting;
using KaTrace.Server.Tracing;
using KaTrace.V1;

namespace KaTrace.Cli.Serving;

/// <summary>One run of <c>katrace serve</c>.</summary>
internal static class ServeSession
{
    /// <exception cref="Bpf.BpfException">Tracing cannot be set up.</exception>
    /// <exception cref="IOException">An address cannot be had.</exception>
    public static async Task<int> RunAsync(TraceOptions trace, ServerOptions server, FilterList filters, bool verbose)
    {
        TaskCompletionSource<Exception?> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = EndOn(PosixSignal.SIGINT, end);
        using PosixSignalRegistration terminate = EndOn(PosixSignal.SIGTERM, end);

        // Not disposed: what it has in the kernel goes with the process, and sooner.
        TracedLog traced = TracedLog.Start(trace, Warn, failure => end.TrySetResult(failure));
        await using (AgentServer agent = await AgentServer.StartAsync(server, traced.Log, traced, Warn).ConfigureAwait(false))
        {
            await Console.Error.WriteLineAsync(ServeStatus.Serving(traced, server, agent, filters, verbose)).ConfigureAwait(false);
            FreedMemory.GiveBack();
            if (await end.Task.ConfigureAwait(false) is { } failure)
            {
                Warn(failure.Message);
                return ExitCodes.Failure;
            }
        }

        await Console.Error.WriteLineAsync(ServeStatus.Summary(traced)).ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static void Warn(string warning) => Console.Error.WriteLine($"katrace: {warning}");

    private static PosixSignalRegistration EndOn(PosixSignal signal, TaskCompletionSource<Exception?> end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.TrySetResult(null);
        });
}
