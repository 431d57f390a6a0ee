using System.Reflection;
using KaTrace.KernelTests.Withheld;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestFramework(typeof(KernelTestFramework))]

namespace KaTrace.KernelTests.Withheld;

/// <summary>All tests here are <see cref="KernelTestCase"/>: whatever a test waits for may come in a softirq, and that may interrupt
/// process 1, again and again where both come each second.</summary>
public sealed class KernelTestFramework(string? configFileName) : XunitTestFramework(configFileName)
{
    private readonly string? _configFileName = configFileName;

    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) => 
        new Discoverer(new XunitTestAssembly(assembly, configFilePath: _configFileName));

    private sealed class Discoverer(IXunitTestAssembly tests) : XunitTestFrameworkDiscoverer(tests)
    {
        protected override ValueTask<bool> FindTestsForMethod(IXunitTestMethod testMethod, ITestFrameworkDiscoveryOptions discoveryOptions, Func<ITestCase, ValueTask<bool>> discoveryCallback) =>
            base.FindTestsForMethod(testMethod, discoveryOptions, plain => discoveryCallback(KernelTestCase.Of(plain)));
    }
}
