using System.Diagnostics;

namespace KaTrace.Processes;

/// <summary>Waits a little, and never for more than a share of the time: what is waited for may be made late on purpose.
/// Not thread-safe.</summary>
/// <param name="once">The longest wait.</param>
/// <param name="share">Of all time, in the long run: 0.2 is one fifth.</param>
internal sealed class Patience(TimeSpan once, double share)
{
    // What may be waited at once after a quiet time, in units of the longest wait.
    private const int Saved = 10;

    private readonly TimeSpan _most = Saved * once;
    private TimeSpan _left = Saved * once;
    private long _at = Stopwatch.GetTimestamp();

    public void WaitFor(Task task)
    {
        if (task.IsCompleted)
            return;
        long before = Stopwatch.GetTimestamp();
        _left = Min(_most, _left + (Stopwatch.GetElapsedTime(_at, before) * share));
        _at = before;
        if (_left > TimeSpan.Zero)
        {
            task.Wait(Min(once, _left));
            _left -= Stopwatch.GetElapsedTime(before);
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
