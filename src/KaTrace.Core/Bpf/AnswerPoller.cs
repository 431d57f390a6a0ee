using System.Diagnostics;
using KaTrace.Events;

namespace KaTrace.Bpf;

/// <summary>Looks at a socket a few times after each probe, so that an answer is told within milliseconds and not only when the
/// timer runs again. A look is a short BPF program that writes ANSWERED or RECOVERED into the ring; packets cost nothing.</summary>
/// <remarks>A thread of its own. An answer that no look finds is still told by the next run of the timer. As long as a socket is
/// looked at, an answer of it is awaited: <see cref="LiveAnswers"/> goes by that.</remarks>
internal sealed class AnswerPoller : IDisposable
{
    /// <summary>A look in vain is followed by one after four times as long.</summary>
    private const int FirstLookMs = 5;
    private const int Backoff = 4;

    /// <summary>Beyond that, answers wait for the timer.</summary>
    private const int MostWaiting = 65536;

    private readonly KeepaliveTracer _tracer;
    private readonly LiveAnswers? _live;
    private readonly PriorityQueue<Look, long> _looks = new();
    private readonly Thread _thread;
    private readonly uint _hz;
    private bool _stopped;

    /// <param name="tracer">One that it <see cref="CanHelp"/>.</param>
    /// <param name="warn">See <see cref="LiveAnswers"/>.</param>
    public AnswerPoller(KeepaliveTracer tracer, Action<string> warn)
    {
        (_tracer, _hz) = (tracer, tracer.Hz);
        _live = tracer.CanAnswerLive ? new LiveAnswers(tracer, warn) : null;
        _thread = new Thread(Run) { IsBackground = true, Name = "answers" };
        _thread.Start();
    }

    /// <summary>Whether the kernel has any way to tell an answer before the timer runs again.</summary>
    public static bool CanHelp(KeepaliveTracer tracer) => tracer.CanPollAnswers || tracer.CanAnswerLive;

    /// <summary>A probe has been sent. Any thread may say so; allocates nothing once the queue has grown.</summary>
    public void Expect(in EventRecord probe)
    {
        long now = Stopwatch.GetTimestamp();
        uint intervalMs = (uint)Math.Min(probe.Next * 1000ul / _hz, int.MaxValue);
        Look look = new(probe.Sk, probe.Cookie, FirstLookMs, now + Ticks(intervalMs));
        lock (_looks)
        {
            if (_looks.Count >= MostWaiting)
                return;

            _looks.Enqueue(look, now + Ticks(FirstLookMs));
            if (_looks.Count == 1 || _looks.Peek() == look)
                Monitor.Pulse(_looks);
            Tell();
        }
    }

    public void Dispose()
    {
        lock (_looks)
        {
            _stopped = true;
            Monitor.Pulse(_looks);
        }

        _thread.Join();
        _live?.Dispose();
    }

    private static long Ticks(long milliseconds) => milliseconds * Stopwatch.Frequency / 1000;

    private void Run()
    {
        while (WaitForDue() is { } look)
        {
            bool pending = !_tracer.CanPollAnswers || _tracer.IsAnswerPending(look.Sk, look.Cookie);
            long now = Stopwatch.GetTimestamp();
            long delay = look.DelayMs * Backoff;
            lock (_looks)
            {
                if (pending && now < look.Until)
                    _looks.Enqueue(look with { DelayMs = delay }, Math.Min(now + Ticks(delay), look.Until));
                Tell();
            }
        }
    }

    /// <summary>Under the lock: then the last word is the true one.</summary>
    private void Tell()
    {
        if (_live is not null)
            _live.Awaited = _looks.Count > 0;
    }

    private Look? WaitForDue()
    {
        lock (_looks)
        {
            while (!_stopped)
            {
                if (!_looks.TryPeek(out Look look, out long due))
                {
                    Monitor.Wait(_looks);
                    continue;
                }

                long left = due - Stopwatch.GetTimestamp();
                if (left <= 0)
                {
                    _looks.Dequeue();
                    return look;
                }

                Monitor.Wait(_looks, (int)Math.Min(int.MaxValue, (left * 1000 / Stopwatch.Frequency) + 1));
            }
        }

        return null;
    }

    /// <param name="Sk">Key of the socket.</param>
    /// <param name="Cookie">Proof that it is still the one; 0 if it has none yet.</param>
    /// <param name="DelayMs">After the look before, or the probe.</param>
    /// <param name="Until">When the timer runs again, and looks itself.</param>
    private readonly record struct Look(ulong Sk, ulong Cookie, long DelayMs, long Until);
}
