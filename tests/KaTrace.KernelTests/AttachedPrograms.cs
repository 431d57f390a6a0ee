namespace KaTrace.KernelTests;

/// <summary>What a process has attached, as the kernel tells of its descriptors.</summary>
internal static class AttachedPrograms
{
    public static bool OnTracepoint(int pid, string tracepoint)
    {
        foreach (string file in Directory.GetFiles($"/proc/{pid}/fdinfo"))
        {
            try
            {
                if (File.ReadLines(file).Any(line => line.StartsWith("tp_name:", StringComparison.Ordinal) && line.EndsWith($"\t{tracepoint}", StringComparison.Ordinal)))
                    return true;
            }
            catch (FileNotFoundException)
            {
                // closed meanwhile
            }
        }

        return false;
    }
}
