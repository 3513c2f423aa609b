"""A studio of rendered people: ICT-FaceKit's head with procedural skin, hair, eyes, clothes and light.

Everything a picture shows follows from one integer seed. Nothing here is, or was made from, a real
person's picture. Needs the extra `train` (moderngl, scipy) and the head data, see `data.load`.
"""
