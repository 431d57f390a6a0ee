using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class ControlGroupTests
{
    private const string Id = "7d3a1c5e9b2f4a6081c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4";
    private const string Outer = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    private const string Pod = "0c1e2a3b-4d5f-6071-8293-a4b5c6d7e8f9";
    private const string PodInUnitName = "0c1e2a3b_4d5f_6071_8293_a4b5c6d7e8f9";

    [Theory]
    [InlineData("Docker, systemd driver", "/system.slice/docker-ID.scope", "docker")]
    [InlineData("Docker, cgroupfs driver", "/docker/ID", "docker")]
    [InlineData("Docker in a slice of the user's choice", "/my.slice/docker-ID.scope", "docker")]
    [InlineData("Podman of root", "/machine.slice/libpod-ID.scope/container", "podman")]
    [InlineData("Podman without root", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", "podman")]
    [InlineData("Podman, cgroupfs driver", "/libpod_parent/libpod-ID", "podman")]
    [InlineData("CRI-O, systemd driver", "/kubepods.slice/kubepods-podPODU.slice/crio-ID.scope", "cri-o")]
    [InlineData("CRI-O, cgroupfs driver", "/kubepods/podPOD/crio-ID", "cri-o")]
    [InlineData("containerd under Kubernetes, systemd driver", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podPODU.slice/cri-containerd-ID.scope", "containerd")]
    [InlineData("containerd, whose kubelet alone uses systemd", "/system.slice/containerd.service/kubepods-besteffort-podPODU.slice:cri-containerd:ID", "containerd")]
    [InlineData("nerdctl", "/system.slice/nerdctl-ID.scope", "containerd")]
    [InlineData("Docker without systemd behind it", "/system.slice:docker:ID", "docker")]
    [InlineData("containerd or Docker under Kubernetes, cgroupfs driver", "/kubepods/besteffort/podPOD/ID", null)]
    [InlineData("containerd's namespace", "/k8s.io/ID", null)]
    [InlineData("ECS", "/ecs/4f7e2d0c/ID", null)]
    public void A_container_is_known_by_the_path(string title, string path, string? runtime)
    {
        ControlGroups groups = V2(path);
        Assert.True(groups.Container == new Container(runtime, Id), $"{title}: {groups}");
        Assert.True(groups.Unit is null, $"{title}: {groups}");
    }

    [Theory]
    [InlineData("/kubepods/podPOD/ID")]
    [InlineData("/kubepods/burstable/podPOD/crio-ID")]
    [InlineData("/kubepods.slice/kubepods-podPODU.slice/cri-containerd-ID.scope")]
    [InlineData("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podPODU.slice/crio-ID.scope")]
    [InlineData("/docker/OUTER/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podPODU.slice/cri-containerd-ID.scope")]
    [InlineData("/kubepods/podPOD")]
    public void A_pod_is_known_by_its_uid(string path) => Assert.Equal(Pod, V2(path).PodUid);

    [Fact]
    public void The_uid_of_a_static_pod_is_a_digest() =>
        Assert.Equal("0c1e2a3b4d5f60718293a4b5c6d7e8f9", V2("/kubepods/burstable/pod0c1e2a3b4d5f60718293a4b5c6d7e8f9/ID").PodUid);

    [Theory]
    [InlineData("/system.slice/nginx.service", "nginx.service")]
    [InlineData("/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service")]
    [InlineData("/system.slice/app.service/worker/3", "app.service")]
    [InlineData("/user.slice/user-1000.slice/session-3.scope", "session-3.scope")]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service", "sync.service")]
    [InlineData("/init.scope", "init.scope")]
    [InlineData("/system.slice/docker-ID.scope/system.slice/nginx.service", "nginx.service")]
    [InlineData("/docker/OUTER/system.slice/docker-ID.scope", null)]
    [InlineData("/system.slice/crio-conmon-ID.scope", "crio-conmon-ID.scope")]
    [InlineData("/user.slice", null)]
    [InlineData("/", null)]
    public void A_unit_is_the_innermost_in_the_container_or_on_the_host(string path, string? unit) =>
        Assert.Equal(unit?.Replace("ID", Id, StringComparison.Ordinal), V2(path).Unit);

    [Fact]
    public void Of_nested_containers_the_innermost_counts() =>
        Assert.Equal(new Container("containerd", Id), V2("/docker/OUTER/kubepods.slice/cri-containerd-ID.scope").Container);

    [Theory]
    [InlineData("/docker/abc")]
    [InlineData("/docker/ID0")]
    [InlineData("/docker-ID.scopes")]
    [InlineData("/docker-IZ.scope")]
    [InlineData("/libpod-conmon-ID.scope")]
    [InlineData("/crio-conmon-ID.scope")]
    [InlineData("/docker")]
    [InlineData("/user.slice:a:b")]
    [InlineData("/..")]
    public void What_only_looks_like_a_container_is_none(string path) => Assert.Null(V2(path).Container);

    [Theory]
    [InlineData("/kubepods/podnothing")]
    [InlineData("/user.slice/mypod.slice")]
    [InlineData("/machine.slice/machine-podPODU.slice")]
    [InlineData("/machine.slice/machine-libpod_pod_ID.slice/libpod-ID.scope")]
    public void What_only_looks_like_a_pod_is_none(string path) => Assert.Null(V2(path).PodUid);

    [Fact]
    public void In_version_1_systemd_and_the_controllers_are_read_together()
    {
        ControlGroups groups = Parse("""
            12:pids:/docker/ID
            11:memory:/docker/ID
            3:cpu,cpuacct:/docker/ID
            1:name=systemd:/system.slice/containerd.service
            0::/system.slice/containerd.service

            """);
        Assert.Equal(new ControlGroups(new Container("docker", Id), null, null), groups);
    }

    [Fact]
    public void In_version_1_a_unit_is_what_systemd_says()
    {
        ControlGroups groups = Parse("""
            9:memory:/batch/job.service
            2:cpu:/
            1:name=systemd:/system.slice/ssh.service
            0::/

            """);
        Assert.Equal(new ControlGroups(null, "ssh.service", null), groups);
    }

    [Fact]
    public void A_controller_alone_is_no_unit() => Assert.Equal(ControlGroups.None, Parse("4:memory:/api/a.service\n0::/\n"));

    [Fact]
    public void Under_Kubernetes_version_1_gives_container_and_pod()
    {
        ControlGroups groups = Parse("""
            11:devices:/kubepods/besteffort/podPOD/ID
            1:name=systemd:/kubepods/besteffort/podPOD/ID

            """);
        Assert.Equal(new ControlGroups(new Container(null, Id), null, Pod), groups);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("0:")]
    [InlineData("0::")]
    [InlineData("nonsense")]
    public void Nonsense_says_nothing(string text) => Assert.Equal(ControlGroups.None, ControlGroups.Parse(text));

    [Fact]
    public void The_short_id_is_what_the_tools_show() => Assert.Equal("7d3a1c5e9b2f", V2("/docker/ID").Container!.ShortId);

    private static ControlGroups V2(string path) => Parse($"0::{path}\n");

    private static ControlGroups Parse(string text) => ControlGroups.Parse(text
        .Replace("PODU", PodInUnitName, StringComparison.Ordinal)
        .Replace("POD", Pod, StringComparison.Ordinal)
        .Replace("OUTER", Outer, StringComparison.Ordinal)
        .Replace("ID", Id, StringComparison.Ordinal));
}
