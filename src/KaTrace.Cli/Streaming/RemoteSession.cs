using System.Globalization;
using System.Runtime.InteropServices;
using Grpc.Core;
using KaTrace.Cli.Agents;
using KaTrace.Client;
using KaTrace.Events;
using KaTrace.Hosts;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Cli.Streaming;

/// <summary>One run of <c>katrace stream --server</c>: the events of an agent, written as those of this kernel are.</summary>
internal sealed class RemoteSession : IDisposable
{
    private readonly StreamOptions _options;
    private readonly KatraceConnection _agent;
    private readonly StandardOutput _output;
    private readonly CancellationTokenSource _end = new();
    private readonly ReceivedEvent _received = new();
    private readonly Dictionary<Lost.Types.Place, ulong> _lost = [];
    private IEventWriter? _writer;
    private string _instance = "";
    private string? _failure;
    private bool _isBroken;
    private ulong _shown;

    private RemoteSession(StreamOptions options, KatraceConnection agent, StandardOutput output)
    {
        (_options, _agent, _output) = (options, agent, output);
        if (options.Duration is { } duration)
            _end.CancelAfter(duration);
    }

    /// <exception cref="IOException">The output cannot be written.</exception>
    public static async Task<int> RunAsync(StreamOptions options, KatraceConnection agent, StreamEventsRequest request)
    {
        using StandardOutput output = new();
        using RemoteSession session = new(options, agent, output);
        using PosixSignalRegistration interrupt = session.StopOn(PosixSignal.SIGINT);
        using PosixSignalRegistration terminate = session.StopOn(PosixSignal.SIGTERM);
        using PosixSignalRegistration hangUp = session.StopOn(PosixSignal.SIGHUP);
        return await session.RunAsync(request).ConfigureAwait(false);
    }

    public void Dispose() => _end.Dispose();

    private async Task<int> RunAsync(StreamEventsRequest request)
    {
        try
        {
            await foreach (StreamEventsResponse response in _agent.ResponsesAsync(request, Broken, _end.Token).ConfigureAwait(false))
            {
                Take(response);
                _output.Flush();
                if (_output.IsClosed || _shown >= (_options.Count ?? ulong.MaxValue))
                    break;
            }
        }
        catch (RpcException e)
        {
            _failure = e.StatusCode == StatusCode.Unimplemented ? AgentTrouble.Sentence(_agent.Address, e) : AgentTrouble.Reason(e);
            await Console.Error.WriteLineAsync($"katrace: {_failure}").ConfigureAwait(false);
            return e.StatusCode == StatusCode.InvalidArgument ? ExitCodes.Usage : ExitCodes.Failure;
        }

        if (_failure is not null)
        {
            await Console.Error.WriteLineAsync($"katrace: {_failure}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }

        StreamTotals totals = new(_shown, Hidden: 0, [.. _lost.Select(lost => (lost.Key, lost.Value))], Probes: default);
        await Console.Error.WriteLineAsync(StreamStatus.Summary(totals)).ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private void Take(StreamEventsResponse response)
    {
        NoteAgent(response);
        switch (response.ContentCase)
        {
            case StreamEventsResponse.ContentOneofCase.Live:
                Console.Error.WriteLine($"katrace: live from {HostView.Safe(response.NodeName)} at {_agent.Address}{(_options.FilterText is null ? "; no filters" : $"; filters {_options.FilterText}")}");
                break;
            case StreamEventsResponse.ContentOneofCase.Oldest:
                Console.Error.WriteLine(response.Oldest.Time is { } time
                    ? $"katrace: the agent keeps nothing from before {time.ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}"
                    : "katrace: the agent keeps no event");
                break;
            case StreamEventsResponse.ContentOneofCase.Events:
                foreach (Event one in response.Events.Events)
                    Write(one);
                break;
        }
    }

    private void NoteAgent(StreamEventsResponse response)
    {
        _writer ??= _options.Print!.NewWriter(_output, response.NodeName);
        if (_instance.Length > 0 && response.InstanceId != _instance)
            Console.Error.WriteLine("katrace: the agent was started anew: what happened while it did not run is not known");
        else if (_isBroken)
            Console.Error.WriteLine("katrace: connected again");
        (_instance, _isBroken) = (response.InstanceId, false);
    }

    private void Write(Event one)
    {
        if (_shown >= (_options.Count ?? ulong.MaxValue))
            return;
        KernelClock clock = ReceivedEvent.ClockOf(one);
        if (one.Kind == Event.Types.Kind.Lost)
        {
            _lost[one.Lost.Place] = _lost.GetValueOrDefault(one.Lost.Place) + one.Lost.Count;
            _writer!.WriteLost(one.Lost.Place, one.Lost.Count, one.MonotonicNs, one.Sequence, in clock);
            return;
        }

        EventRecord record = ReceivedEvent.RecordOf(one);
        _writer!.Write(in record, _received.ProcessOf(one), ReceivedEvent.OccurrenceOf(one), in clock);
        _output.FlushIfLarge();
        _shown++;
    }

    /// <summary>An agent that was never reached is not waited for.</summary>
    private void Broken(RpcException e)
    {
        if (_instance.Length == 0)
        {
            _failure = AgentTrouble.Unreached(_agent.Address, e);
            _end.Cancel();
        }
        else if (!_isBroken)
        {
            Console.Error.WriteLine($"katrace: the connection to {_agent.Address} broke ({AgentTrouble.Reason(e)}); trying again");
        }

        _isBroken = true;
    }

    private PosixSignalRegistration StopOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _end.Cancel();
    });
}
