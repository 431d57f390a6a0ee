using System.CommandLine;

namespace KaTrace.Cli.Serving;

/// <summary><c>katrace config show</c>: what <c>katrace serve</c> with the same flags would go by.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        ServeFlags settings = new();
        Command show = new("show", "Print each setting of 'katrace serve', and what says so: a flag, the environment, the file, or nothing but the default");
        settings.AddTo(show);
        show.SetAction(result =>
        {
            try
            {
                foreach (ServeSettings.Setting setting in settings.Read(result).All())
                    Console.Out.WriteLine($"{setting.Name,-22} {setting.Value,-34} {setting.Source}");
                return ExitCodes.Ok;
            }
            catch (FormatException e)
            {
                Console.Error.WriteLine($"katrace: {e.Message}");
                return ExitCodes.Usage;
            }
        });
        return new Command("config", "What katrace is configured to do") { show };
    }
}
