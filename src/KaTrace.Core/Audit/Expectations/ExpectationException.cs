namespace KaTrace.Audit.Expectations;

/// <summary>A file of expectations cannot be read as one; the message names file, line and what is wrong.</summary>
internal sealed class ExpectationException(string message) : Exception(message);
