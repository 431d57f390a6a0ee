namespace KaTrace.Client;

/// <summary>Waits longer each time, up to ten seconds, and never as long as other clients do.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private TimeSpan _next = First;

    public void Reset() => _next = First;

    /// <returns>False if it was cancelled.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancel)
    {
#pragma warning disable CA5394 // spreads load; nobody gains by guessing it
        TimeSpan wait = _next * (0.5 + (Random.Shared.NextDouble() / 2));
#pragma warning restore CA5394
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        try
        {
            await Task.Delay(wait, cancel).ConfigureAwait(false); // the pause between two attempts is what this is for
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
