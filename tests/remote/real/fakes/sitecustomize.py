"""Empty modules in the place of packages that ComfyUI imports and that no test needs."""

import importlib.machinery
import sys
import types

NAMES = ("torchvision", "torchaudio", "kornia", "spandrel")


class Empty(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        inner = Empty(f"{self.__name__}.{name}")
        sys.modules[inner.__name__] = inner
        setattr(self, name, inner)
        return inner

    def __call__(self, *_, **__):
        return self


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        module.__path__, module.__version__ = [], "0"


sys.meta_path.insert(0, Finder())
