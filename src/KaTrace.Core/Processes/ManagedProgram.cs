namespace KaTrace.Processes;

/// <summary>What a .NET process says of itself: texts that it chose.</summary>
/// <param name="EntryAssembly">Name of the assembly with Main.</param>
/// <param name="Version">Of the runtime: "10.0.1".</param>
internal readonly record struct ManagedProgram(string EntryAssembly, string Version);
