using Microsoft.Extensions.Logging;

namespace KaTrace.Server.Hosting;

/// <summary>What the server's libraries log as an error, which nobody expects, as one line.</summary>
internal sealed class WarningLog(Action<string> warn) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            warn(exception is null ? formatter(state, null) : $"{formatter(state, null)}: {exception.Message}");
    }

    public void Dispose()
    {
    }
}
